"""What is read of a check follows from what its status says."""

from typing import Any

from modelreuse.api import ModelReuseCheck
from modelreuse.controller.observe import awaits_launch
from unit.controller import served

OFFERED = "sha256:" + "a" * 64
APPROVAL = {"digest": OFFERED, "offeredAt": "2026-01-02T03:04:05Z"}
INTENT = {"digest": OFFERED, "at": "2026-01-02T03:04:05Z", "action": "FineTune", "model": "current"}


def check(approve: str | None = OFFERED, **status: Any) -> ModelReuseCheck:
    obj = served.check(status=status)
    if approve is not None:
        obj["metadata"]["annotations"] = {"modelreuse.io/approve": approve}
    return ModelReuseCheck.parse(obj)


def retraining(**more: Any) -> dict[str, Any]:
    return {"intent": INTENT, "record": "mrc-r", **more}


def test_an_approval_of_what_is_offered_awaits_its_launch() -> None:
    assert awaits_launch(check(approval=APPROVAL))


def test_an_approval_awaits_its_launch_until_the_job_was_asked_for() -> None:
    assert awaits_launch(check(approval=APPROVAL, retraining=retraining()))
    assert not awaits_launch(check(approval=APPROVAL, retraining=retraining(launched=True)))
    assert not awaits_launch(check(approval=APPROVAL, retraining=retraining(result="Failed")))


def test_without_an_approval_nothing_awaits_a_launch() -> None:
    assert not awaits_launch(check(None, approval=APPROVAL))
    assert not awaits_launch(check("", approval=APPROVAL))


def test_an_approval_of_something_else_awaits_nothing() -> None:
    assert not awaits_launch(check("sha256:" + "b" * 64, approval=APPROVAL))
    assert not awaits_launch(check(OFFERED))


def test_a_rejected_offer_awaits_nothing() -> None:
    assert not awaits_launch(check(approval=APPROVAL, rejected="otto, 2026-01-02T03:04:05Z"))
