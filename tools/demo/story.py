"""The story: who does what, in which order, and what must come of it."""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from demo import places
from demo.errors import DemoError
from demo.figures import Object, aligned, condition, current, last_line, table
from demo.kubectl import Person
from demo.leftovers import keep
from demo.narrator import Narrator
from demo.stages import Stage
from demo.watching import wait_until

_HERE: Final = ("-n", places.NAMESPACE)
_CHECK: Final = ("-n", places.NAMESPACE, "mrc", places.CHECK)
_REFUSAL_SECONDS: Final = 60.0


@dataclass
class Story:
    """One performance."""

    stage: Stage
    narrator: Narrator

    def play(self) -> str:
        """From nothing to the verdict; returns the last line. Raises DemoError where a promise isn't kept."""
        self.narrator.act("The stage: a cluster, two images")
        operator_image, worker_image = self.stage.set_up()
        places.lay_out(operator_image, worker_image)
        admin, ada, grace, mallory = (self.stage.person(name) for name in ("admin", "ada", "grace", "mallory"))
        self._install(admin, ada, worker_image)
        self._govern(grace)
        digest = self._ask(ada)
        self._refuse(mallory, digest, "Mallory may edit in line7, and tries to approve")
        self._refuse(ada, digest, "Ada tries to approve her own request")
        self._approve(grace, digest)
        check = self._follow(ada)
        self._compare(grace, check)
        for line in keep(admin, self.stage):
            self.narrator.say(line)
        return last_line(check)

    def _install(self, admin: Person, ada: Person, worker_image: str) -> None:
        self.narrator.act("The administrator installs the operator, and prepares line 7's namespace")
        operator = places.APPLIED / "operator"
        admin.types("apply", "--server-side", "-f", str(places.CRDS))
        admin.types("wait", "--for=condition=Established", "--timeout=60s", "-f", str(places.CRDS))
        # The operator's namespace first: what lies in it can't be applied before.
        admin.types("apply", "-f", str(operator / "namespace.yaml"))
        admin.types("apply", "-f", str(operator))
        for name in ("namespace", "rbac"):
            admin.types("apply", "-f", str(places.EXAMPLE / f"{name}.yaml"))
        self.stage.fill_claims(admin, worker_image)
        self._await_gate(ada)
        rollout = ("rollout", "status", "deployment/operator", "-n", "modelreuse-system", "--timeout=110s")
        admin.types(*rollout)

    def _await_gate(self, ada: Person) -> None:
        """An admission policy is enforced some seconds after it was created; the story needs all of them."""
        job = {
            "apiVersion": "batch/v1",
            "kind": "Job",
            "metadata": {"name": "mrc-probe", **_in_namespace()},
            "spec": {
                "template": {"spec": {"restartPolicy": "Never", "containers": [{"name": "probe", "image": "none"}]}}
            },
        }
        self.narrator.say("(waiting until the admission policies are enforced)")

        def stamped() -> bool:
            check = ("create", "--dry-run=server", "--output=json", "-f", str(places.APPLIED / "check.yaml"))
            return "modelreuse.io/requested-by" in ada.quietly(*check).text

        def refused() -> bool:
            answer = ada.quietly("create", "--dry-run=server", "-f", "-", stdin=json.dumps(job).encode())
            return not answer.succeeded and "names that begin with mrc-" in answer.text

        for enforced in (stamped, refused):
            _repeat_until(enforced, "the admission policies are enforced")

    def _govern(self, grace: Person) -> None:
        self.narrator.act("Grace, platform lead, sets the rules and brings the site's experience")
        files = [
            part for name in ("profile", "policy", "records") for part in ("-f", str(places.EXAMPLE / f"{name}.yaml"))
        ]
        answer = grace.quietly("apply", *files)
        self.narrator.command(["kubectl", *grace.identity, "apply", *files])
        lines = answer.text.splitlines()
        self.narrator.output("\n".join([*lines[:3], f"... {len(lines) - 3} more"] if len(lines) > 4 else lines))
        if not answer.succeeded:
            raise DemoError(f"grace could not apply policy, profile and records: {answer.text.strip()}")

    def _ask(self, ada: Person) -> str:
        """Returns the digest that can be approved."""
        self.narrator.act("Ada, engineer, asks: may we keep the model on line 7, and what would adapting it cost?")
        ada.types("apply", "-f", str(places.APPLIED / "check.yaml"))
        ada.narrator.command(
            [
                "kubectl",
                *ada.identity,
                "wait",
                "--for=condition=Assessed",
                "--timeout=400s",
                *_HERE,
                f"mrc/{places.CHECK}",
            ]
        )

        def offered(check: Object) -> bool:
            _give_up_if_stalled(check)
            if current(check, "Assessed")["status"] != "True":
                return False
            return bool(current(check, "Approved")["reason"] not in {"", "NotAssessed"})

        check = wait_until(ada, _CHECK, offered, seconds=400, describe=_line("Assessed"))
        ada.types("get", *_CHECK)
        self.narrator.say(f"It recommends: {condition(check, 'RetrainingRecommended')['message']}")
        approved = condition(check, "Approved")
        if approved["reason"] != "AwaitingApproval":
            raise DemoError(f"nothing can be approved: {approved['reason']}: {approved['message']}")
        self.narrator.say(f"It waits: {approved['message']}")
        return str(check["status"]["approval"]["digest"])

    def _refuse(self, person: Person, digest: str, title: str) -> None:
        self.narrator.act(title)
        if person.tries(*_approval(digest)).succeeded:
            raise DemoError(f"{person.name} was allowed to approve; the gate does not hold")
        self.narrator.say("Refused, by the API server itself.")

    def _approve(self, grace: Person, digest: str) -> None:
        self.narrator.act("Grace approves exactly this assessment, by its digest")
        grace.types(*_approval(digest))

    def _follow(self, ada: Person) -> dict[str, Any]:
        """Returns the check at its end."""
        self.narrator.act("The operator records the approval, trains once, and measures the result itself")
        ada.narrator.command(["kubectl", *ada.identity, "get", "--watch", *_CHECK])

        def retrained(check: Object) -> bool:
            _give_up_if_stalled(check)
            state = condition(check, "Retrained")
            if check["status"].get("retraining", {}).get("result", "Succeeded") != "Succeeded":
                raise DemoError(f"the retraining failed: {state['reason']}: {state['message']}")
            return bool(state["status"] == "True")

        check = wait_until(ada, _CHECK, retrained, seconds=900, describe=_line("Retrained"))
        name = check["status"]["retraining"]["job"]["name"]
        ada.types("logs", *_HERE, f"job/{name}", "--container=trainer", "--tail=3")

        def judged(check: Object) -> bool:
            _give_up_if_stalled(check)
            return bool(condition(check, "PromotionAllowed")["status"] != "Unknown")

        return wait_until(ada, _CHECK, judged, seconds=400, describe=_line("PromotionAllowed"))

    def _compare(self, grace: Person, check: Object) -> None:
        self.narrator.act("Predicted before, measured after")
        grace.types("get", *_HERE, "retrainingrecords")
        self.narrator.output(aligned(table(check)))
        verdict = condition(check, "PromotionAllowed")
        self.narrator.say(f"Promotion {'allowed' if verdict['status'] == 'True' else 'denied'}: {verdict['message']}")


def _approval(digest: str) -> tuple[str, ...]:
    return ("annotate", *_HERE, "mrc", places.CHECK, f"modelreuse.io/approve={digest}")


def _in_namespace() -> dict[str, str]:
    return {"namespace": places.NAMESPACE}


def _line(kind: str) -> Callable[[Object], str]:
    """Describes a check by one condition."""

    def describe(check: Object) -> str:
        state, busy = condition(check, kind), condition(check, "Reconciling")
        doing = f" ({busy['message']})" if busy["status"] == "True" and busy["message"] != state["message"] else ""
        told = f"{kind} {state['status']}: {state['reason']}: {state['message']}{doing}"
        return told if state["reason"] else "the operator has not looked at it yet"

    return describe


def _give_up_if_stalled(check: Object) -> None:
    stalled = condition(check, "Stalled")
    if stalled["status"] == "True":
        raise DemoError(f"the check is stalled: {stalled['reason']}: {stalled['message']}")


def _repeat_until(done: Callable[[], bool], what: str) -> None:
    """Ask again at once: each question takes a round trip to the API server."""
    deadline = time.monotonic() + _REFUSAL_SECONDS
    while not done():
        if time.monotonic() > deadline:
            raise DemoError(f"after {_REFUSAL_SECONDS:.0f} s it is still not so that {what}")
