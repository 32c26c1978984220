# ruff: noqa: E501 - one attempt a line, as rows of a table
"""Approving and rejecting: by whom, of what, alone in its request."""

from cluster.gate import objects
from cluster.gate.attempt import Attempt
from cluster.gate.scene import Scene
from cluster.person import APPLY, JSON_PATCH, MERGE, Object

APPROVE = "modelreuse.io/approve"
REJECT = "modelreuse.io/reject"
OTHER = objects.digest("b")
OWNER = {"apiVersion": "v1", "kind": "ConfigMap", "name": "x", "uid": "1"}


def decide(
    scene: Scene,
    by: str = "alice",
    annotation: str = APPROVE,
    digest: str = objects.digest("a"),
    requested_by: str = "bob",
    edited_by: str = "",
    offered: bool = True,
    rejected_by: str = "",
    noted: bool = False,
    withdrawn: bool = False,
    also: Object | None = None,
    way: str = MERGE,
) -> Object:
    """Somebody sets the annotation; `also` is what else the request changes, as a merge patch."""
    check = scene.check(requested_by, annotations={"team": "red"}, labels={"line": "7"})
    if edited_by:
        scene[edited_by].patch(check, {"spec": {"suspend": True}})
    if offered:
        scene.offer(check)
    if rejected_by:
        scene[rejected_by].annotate(check, reject=scene.offered)
    if noted:
        scene["operator"].patch(check, {"status": {"rejected": "carol, 2026-01-02T03:04:05Z"}}, part="status")
    if withdrawn:
        scene[rejected_by].annotate(check, reject=None)
    if way == JSON_PATCH:
        path = "/metadata/annotations/" + annotation.replace("/", "~1")
        return scene[by].patch(check, [{"op": "add", "path": path, "value": digest}], kind=JSON_PATCH)
    if way == APPLY:
        return scene[by].apply(
            {key: check[key] for key in ("apiVersion", "kind")}
            | {"metadata": {"namespace": scene.namespace, "name": scene.name, "annotations": {annotation: digest}}}
        )
    if way == "PUT":
        stored = scene["admin"].get(check)
        stored["metadata"]["annotations"][annotation] = digest
        return scene[by].replace(stored)
    metadata = {"annotations": {annotation: digest}} | (also or {}).get("metadata", {})
    metadata["annotations"] = {annotation: digest} | metadata["annotations"]
    return scene[by].patch(check, (also or {}) | {"metadata": metadata})


def create(scene: Scene, annotations: Object, way: str = "POST") -> Object:
    wanted = objects.check(scene.namespace, scene.name, annotations=annotations)
    return scene["bob"].apply(wanted) if way == APPLY else scene["bob"].create(wanted)


def approve_again(scene: Scene, by: str, removed_by: str = "bob") -> None:
    """An approval is removed (anybody may revoke) and set again."""
    check = scene.check()
    scene.offer(check)
    scene["alice"].annotate(check, approve=scene.offered)
    scene[removed_by].annotate(check, approve=None)
    scene[by].annotate(check, approve=scene.offered)


def withdraw_and_approve(scene: Scene, at_once: bool) -> None:
    check = scene.check()
    scene.offer(check)
    scene["alice"].annotate(check, reject=scene.offered)
    if at_once:
        scene["alice"].annotate(check, reject=None, approve=scene.offered)
    else:
        scene["alice"].annotate(check, reject=None)
        scene["alice"].annotate(check, approve=scene.offered)


def also(**change: object) -> dict[str, object]:
    return {"also": change}


ALONE: dict[str, object] = {"also": None}
NOT_ALONE = "the request to approve {ns}/{name} also changes "
NOT_INVOLVED = 'can\'t approve {ns}/{name}: neither its requester ("bob") nor the last to change its spec ("'
NO_PERSON = "can't approve {ns}/{name}: a person must, service accounts and other system: users are no persons"
NO_VERB = "may not decide on {ns}/{name}: that takes the verb approve on modelreusechecks"

ATTEMPTS = (
    # by whom
    Attempt("approve-own-request", decide, {"requested_by": "alice"}, {"requested_by": "bella"}, 'user "alice" can\'t approve {ns}/{name}: neither its requester ("alice") nor the last to change its spec ("bob")', given={"edited_by": "bob"}),
    Attempt("approve-own-request-with-a-wildcard-role", decide, {"requested_by": "mallory"}, {"requested_by": "bella"}, "neither its requester", given={"by": "mallory", "edited_by": "bob"}),
    Attempt("approve-own-edit", decide, {"edited_by": "alice"}, {"edited_by": "bob"}, 'user "alice" ' + NOT_INVOLVED + 'alice")'),
    Attempt("approve-without-the-verb", decide, {"by": "bella"}, {"by": "carol"}, 'user "bella" ' + NO_VERB),
    Attempt("approve-without-any-right", decide, {"by": "eve"}, {"by": "carol"}, 'User "eve" cannot patch resource "modelreusechecks"'),
    Attempt("approve-as-service-account", decide, {"by": "ci"}, {"by": "alice"}, '"system:serviceaccount:{ns}:ci" ' + NO_PERSON),
    Attempt("approve-as-operator", decide, {"by": "operator"}, {"by": "alice"}, 'cannot patch resource "modelreusechecks"'),
    Attempt("approve-as-shared-system-user", decide, {"by": "shared_admin"}, {"by": "alice"}, '"system:admin" ' + NO_PERSON),
    Attempt("approve-as-service-account-by-group", decide, {"by": "robot_in_disguise"}, {"by": "alex"}, '"alex" ' + NO_PERSON),
    Attempt("approve-as-requester-in-other-case", decide, {"by": "capital_bob"}, {"by": "alice"}, 'user "Bob" ' + NOT_INVOLVED),
    Attempt("approve-as-look-alike", decide, {"by": "cyrillic_alice"}, {"by": "alice"}, "a name must consist of printable ASCII characters"),
    # of what
    Attempt("approve-another-digest", decide, {"digest": OTHER}, {"digest": objects.digest("a")}, "{ns}/{name}: modelreuse.io/approve names another assessment; the current one is {digest}"),
    Attempt("approve-a-shortened-digest", decide, {"digest": objects.digest("a")[:20]}, {"digest": objects.digest("a")}, "names another assessment"),
    Attempt("approve-the-digest-in-capitals", decide, {"digest": objects.digest("a").upper()}, {"digest": objects.digest("a")}, "names another assessment"),
    Attempt("approve-anything", decide, {"digest": "true"}, {"digest": objects.digest("a")}, "names another assessment"),
    Attempt("approve-before-the-offer", decide, {"offered": False}, {"offered": True}, "{ns}/{name} offers nothing to approve now"),
    Attempt("approve-what-was-rejected", decide, {"withdrawn": False}, {"withdrawn": True}, "{ns}/{name} was rejected by carol: that is final for this assessment", given={"rejected_by": "carol"}),
    Attempt("approve-what-was-rejected-and-withdrawn", decide, {"noted": True}, {"noted": False}, "{ns}/{name} was rejected by carol, 2026-01-02T03:04:05Z: that is final", given={"rejected_by": "carol", "withdrawn": True}),
    Attempt("withdraw-and-approve-at-once", withdraw_and_approve, {"at_once": True}, {"at_once": False}, NOT_ALONE + "annotation modelreuse.io/reject"),
    Attempt("approve-again-what-was-revoked", approve_again, {"by": "bella"}, {"by": "carol"}, 'user "bella" ' + NO_VERB),
    # alone
    Attempt("approve-and-change-spec", decide, also(spec={"suspend": True}), ALONE, NOT_ALONE + "spec"),
    Attempt("approve-and-add-label", decide, also(metadata={"labels": {"x": "y"}}), ALONE, NOT_ALONE + "labels"),
    Attempt("approve-and-drop-label", decide, also(metadata={"labels": {"line": None}}), ALONE, NOT_ALONE + "labels"),
    Attempt("approve-and-add-finalizer", decide, also(metadata={"finalizers": ["example.com/x"]}), ALONE, NOT_ALONE + "finalizers"),
    Attempt("approve-and-add-owner", decide, also(metadata={"ownerReferences": [OWNER]}), ALONE, NOT_ALONE + "ownerReferences"),
    Attempt("approve-and-add-annotation", decide, also(metadata={"annotations": {"x": "y"}}), ALONE, NOT_ALONE + "annotation x"),
    Attempt("approve-and-change-annotation", decide, also(metadata={"annotations": {"team": "blue"}}), ALONE, NOT_ALONE + "annotation team"),
    Attempt("approve-and-drop-annotation", decide, also(metadata={"annotations": {"team": None}}), ALONE, NOT_ALONE + "annotation team"),
    Attempt("approve-and-assess-again", decide, also(metadata={"annotations": {"modelreuse.io/assess": "1"}}), ALONE, NOT_ALONE + "annotation modelreuse.io/assess"),
    Attempt("approve-and-reject", decide, also(metadata={"annotations": {REJECT: OTHER}}), ALONE, NOT_ALONE + "annotation modelreuse.io/reject"),
    # at creation
    Attempt("create-approved", create, {"annotations": {APPROVE: objects.digest("a")}}, {"annotations": {}}, "{ns}/{name} can't be created with modelreuse.io/approve"),
    Attempt("apply-approved", create, {"annotations": {APPROVE: objects.digest("a")}}, {"annotations": {}}, "{ns}/{name} can't be created with modelreuse.io/approve", given={"way": APPLY}),
    Attempt("create-rejected", create, {"annotations": {REJECT: objects.digest("a")}}, {"annotations": {}}, "{ns}/{name} can't be created with modelreuse.io/reject"),
    # by every way of writing
    *(
        Attempt(f"approve-without-the-verb-by-{name}", decide, {"by": "bella"}, {"by": "alice"}, 'user "bella" ' + NO_VERB, given={"way": way})
        for name, way in {"json-patch": JSON_PATCH, "put": "PUT", "apply": APPLY}.items()
    ),
    # rejecting
    Attempt("reject-without-the-verb", decide, {"by": "bella"}, {"by": "carol"}, 'user "bella" ' + NO_VERB, given={"annotation": REJECT}),
    Attempt("reject-another-digest", decide, {"digest": OTHER}, {"digest": objects.digest("a")}, "modelreuse.io/reject names another assessment", given={"annotation": REJECT}),
    Attempt("reject-before-the-offer", decide, {"offered": False}, {"offered": True}, "offers nothing to reject now", given={"annotation": REJECT}),
    Attempt("reject-and-change-spec", decide, also(spec={"suspend": True}), ALONE, "the request to reject {ns}/{name} also changes spec", given={"annotation": REJECT}),
)  # fmt: skip
