# ruff: noqa: E501 - one attempt a line, as rows of a table
"""Labels of namespaces that policies read: nobody chooses their policy by relabelling."""

from cluster.gate.attempt import Attempt
from cluster.gate.people import READ, READ_BY_EXPRESSION
from cluster.gate.scene import Scene
from cluster.person import APPLY, JSON_PATCH, MERGE, Object

OWN = "owner"


def relabel(
    scene: Scene, by: str = "bob", label: str = READ, value: str | None = "lax", way: str = MERGE, part: str = ""
) -> Object:
    """Of the team's namespace, in which bob may do everything."""
    namespace: Object = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": scene.namespace}}
    for each in (READ, READ_BY_EXPRESSION, OWN):
        scene["admin"].patch(namespace, {"metadata": {"labels": {each: "strict"}}})
    if way == JSON_PATCH:
        change = [{"op": "replace", "path": f"/metadata/labels/{label}", "value": value}]
        return scene[by].patch(namespace, change, kind=way)
    if way == APPLY:
        metadata = namespace["metadata"] | {"labels": {label: value}}
        return scene[by].apply(namespace | {"metadata": metadata}, manager=f"by-{scene.name}")
    if way == "PUT":
        stored = scene["admin"].get(namespace)
        del stored["metadata"]["resourceVersion"]
        stored["metadata"]["labels"][label] = value
        return scene[by].replace(stored, part=part)
    return scene[by].patch(namespace, {"metadata": {"labels": {label: value}}}, part=part)


NOT_BOB = 'user "bob" may not change label %s of namespace {ns}: RetrainPolicy gate-labels chooses namespaces by it'

ATTEMPTS = (
    Attempt("relabel-out-of-a-policy", relabel, {"by": "bob"}, {"by": "admin"}, NOT_BOB % READ),
    Attempt("relabel-with-a-wildcard-role", relabel, {"label": READ}, {"label": OWN}, 'user "mallory" may not change label ' + READ, given={"by": "mallory"}),
    Attempt("drop-a-label-that-a-policy-reads", relabel, {"label": READ}, {"label": OWN}, NOT_BOB % READ, given={"value": None}),
    Attempt("relabel-what-an-expression-reads", relabel, {"label": READ_BY_EXPRESSION}, {"label": OWN}, NOT_BOB % READ_BY_EXPRESSION),
    *(
        Attempt(f"relabel-by-{name}", relabel, {"label": READ}, {"label": OWN}, NOT_BOB % READ, given={"way": way})
        for name, way in {"json-patch": JSON_PATCH, "put": "PUT", "apply": APPLY}.items()
    ),
    Attempt("relabel-through-status", relabel, {"label": READ}, {"label": OWN}, NOT_BOB % READ, given={"part": "status"}),
    Attempt("relabel-through-finalize", relabel, {"label": READ}, {"label": OWN}, NOT_BOB % READ, given={"way": "PUT", "part": "finalize"}),
)  # fmt: skip
