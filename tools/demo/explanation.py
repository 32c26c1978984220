"""When the demo fails: everything that explains why, most telling first."""

from demo import places
from demo.errors import DemoError
from demo.figures import condition
from demo.kubectl import Person
from demo.narrator import Narrator

_LOG_LINES = "--tail=25"


def explain(admin: Person, narrator: Narrator) -> None:
    """Print conditions, pods, events and logs; never raises for what can't be read."""
    here = ("-n", places.NAMESPACE)
    _conditions(admin, narrator)
    for title, arguments in (
        ("Pods", ("get", "pods", "--all-namespaces", "--output=wide")),
        ("Events in line7", ("get", "events", *here, "--sort-by=.lastTimestamp")),
        ("Events of the operator", ("get", "events", "-n", "modelreuse-system", "--sort-by=.lastTimestamp")),
        ("The operator's log", ("logs", "-n", "modelreuse-system", "deployment/operator", _LOG_LINES)),
    ):
        narrator.say(f"--- {title}")
        narrator.output("\n".join(admin.quietly(*arguments).text.splitlines()[-25:]))
    try:
        pods = [pod["metadata"]["name"] for pod in admin.reads(*here, "pods")["items"]]
    except DemoError as error:
        narrator.output(str(error))
        return
    for pod in pods:
        narrator.say(f"--- Log of pod {pod}")
        narrator.output(admin.quietly("logs", *here, pod, "--all-containers", _LOG_LINES).text)


def _conditions(admin: Person, narrator: Narrator) -> None:
    try:
        check = admin.reads("-n", places.NAMESPACE, "mrc", places.CHECK)
    except DemoError as error:
        narrator.output(str(error))
        return
    narrator.say("--- Conditions of the check")
    for kind in [each["type"] for each in check.get("status", {}).get("conditions", [])]:
        state = condition(check, kind)
        narrator.output(f"{kind} {state['status']}: {state['reason']}: {state['message']}")
