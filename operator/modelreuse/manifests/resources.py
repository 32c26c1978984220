"""What containers ask for, as budgets and predictions count it: CPU cores and accelerators.

One reading for a template and for the pod that is made of it: what is reserved must be what is charged.
"""

import re
from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

Json = Mapping[str, Any]

_ACCELERATOR = re.compile(r".+/(gpu([.-].*)?|mig-.*)")


def cores_of(pod: Json) -> float:
    """CPU limits, or requests, of a PodSpec as the scheduler adds them up; 1 where no container says anything."""
    return float(_at_once(pod, _cores)) or 1.0


def accelerators_of(pod: Json) -> int:
    """Accelerators of a PodSpec, likewise; a MIG slice counts as one."""
    return int(_at_once(pod, _accelerators))


def without_cpu_limit(pod: Json) -> str | None:
    """The path of the first container that may use all of its node's CPUs; None where each has a limit."""
    for field in ("initContainers", "containers"):
        for index, container in enumerate(pod.get(field) or []):
            if "cpu" not in ((container.get("resources") or {}).get("limits") or {}):
                return f"{field}[{index}].resources.limits.cpu"
    return None


def _at_once(pod: Json, amount: Callable[[Json], Decimal]) -> Decimal:
    """The most that runs at one time: all containers with the sidecars, or one init container with those before it."""
    sidecars = most = Decimal(0)
    for container in pod.get("initContainers") or []:
        if container.get("restartPolicy") == "Always":
            sidecars += amount(container)
        else:
            most = max(most, sidecars + amount(container))
    return max(most, sidecars + sum((amount(each) for each in pod.get("containers") or []), Decimal(0)))


def cpu_quantity(text: str) -> Decimal:
    """Cores of a Kubernetes quantity such as `500m`, `2` or `1.5`. Raises ValueError for anything else."""
    scale = {"m": Decimal("1e-3"), "u": Decimal("1e-6"), "n": Decimal("1e-9"), "k": Decimal(1000)}
    try:
        if text[-1:] in scale:
            return Decimal(text[:-1]) * scale[text[-1]]
        return Decimal(text)
    except InvalidOperation:
        raise ValueError(f"{text!r} is not a quantity of CPU, as in 500m") from None


def _cores(container: Json) -> Decimal:
    resources = container.get("resources") or {}
    value = (resources.get("limits") or {}).get("cpu") or (resources.get("requests") or {}).get("cpu")
    return Decimal(0) if value is None else cpu_quantity(str(value))


def _accelerators(container: Json) -> Decimal:
    limits = (container.get("resources") or {}).get("limits") or {}
    return Decimal(sum(int(value) for name, value in limits.items() if _ACCELERATOR.fullmatch(name)))
