"""Records of retrainings, as small as they can be: what was predicted, and what came out."""

from datetime import UTC, datetime, timedelta
from typing import Any

from modelreuse.api import RetrainingRecord

START = datetime(2026, 1, 1, tzinfo=UTC)
DIGEST = "sha256:" + "a" * 64


def day(number: int) -> str:
    return (START + timedelta(days=number)).strftime("%Y-%m-%dT%H:%M:%SZ")


def cost(low: int, high: int, estimate: int | None = None, basis: str = "Estimated") -> dict[str, Any]:
    point = {} if estimate is None else {"estimate": str(estimate)}
    nothing = {"low": "0", "high": "0", "basis": basis}
    steps = {"low": str(low), "high": str(high), "basis": basis, **point}
    return {"action": "Retrain", "model": "m", "steps": steps, "hours": nothing, "energyKwh": nothing}


def record(
    number: int,
    steps: int = 100,
    *,
    reached: bool = True,
    predicted: dict[str, Any] | None = None,
    imported: bool = False,
    namespace: str = "line7",
    error: float = 0.4,
    max_steps: int = 1000,
    **outcome: Any,
) -> RetrainingRecord:
    """It was approved on day `number`, and ended half a day later."""
    own = {
        "check": {"name": "c", "uid": "u"},
        "approval": {"digest": DIGEST, "preimage": "", "requestedBy": "b", "approvedBy": "a", "at": day(number)},
    }
    known = {
        "source": "Imported" if imported else "Operator",
        "action": "Retrain",
        "model": "m",
        "recipe": "adam",
        "maxSteps": max_steps,
        "target": "0.9",
        "scores": [
            {"name": "initial_error", "value": f"{error:.4f}", "labels": "Given"},
            {"name": "initial_cross_entropy", "value": f"{3 * error:.4f}", "labels": "Given"},
        ],
        **({} if imported else own),
        **({"predicted": predicted} if predicted else {}),
    }
    ended = (START + timedelta(days=number, hours=12)).strftime("%Y-%m-%dT%H:%M:%SZ")
    came = {"finishedAt": ended, "result": "Succeeded", "steps": steps, "targetReached": reached} | outcome
    name = f"{'import' if imported else 'mrc'}-{namespace}-{number}"
    metadata = {"name": name, "namespace": namespace, "uid": f"uid-{name}", "resourceVersion": "1"}
    return RetrainingRecord.parse({"metadata": metadata, "spec": known, "outcome": came})
