"""Stories of trainers that fail or don't tell the truth, by what they do; `code/liar.py` is what they run."""

from dataclasses import dataclass
from functools import partial

from e2e.team import Seen, Team, trainer_of
from e2e.town import Town

LIES = (
    "names-another-digest",
    "points-outside",
    "says-no-json",
    "fails",
    "dawdles",
    "copies-the-old-model",
    "swaps-the-file",
)


@dataclass(frozen=True)
class Training:
    """A trainer's work, once everything about it has been said."""

    town: Town
    namespace: str
    seen: Seen


def train(lie: str, town: Town) -> Training:
    team = Team.gather(town, lie, labels={"environment": "production"})
    check = team.example()
    check["spec"]["data"]["transform"] = "witness:prepare"
    trainer_of(check)["command"] = ["python", "/mnt/modelreuse/pvc/code/liar.py", lie]
    if lie == "dawdles":
        pod = check["spec"]["retraining"]["jobTemplate"]["spec"]["template"]["spec"]
        pod["activeDeadlineSeconds"] = 3
    team.request(check)
    team.approve()
    return Training(town, team.namespace, team.ended())


STORIES = {lie: partial(train, lie) for lie in LIES}
