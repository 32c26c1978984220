# ruff: noqa: E501 - one attempt a line, as rows of a table
"""Where no mutating policy writes the stamps, the client sends them: attempts to send others than the true ones."""

from cluster.gate import objects
from cluster.gate.attempt import Attempt
from cluster.gate.scene import Scene
from cluster.gate.stamping import PREFIX, without
from cluster.person import Object, RefusedError

Stamps = dict[str, str | None]

GROUPS = "engineers,system:authenticated"
LEADS = "platform-leads,on-call,system:authenticated"
CREATED: Stamps = {
    "requested-by": "bob",
    "requested-by-groups": GROUPS,
    "spec-changed-by": "bob",
    "spec-changed-by-groups": GROUPS,
}
EDITED: Stamps = {"spec-changed-by": "alice", "spec-changed-by-groups": LEADS}
APPROVED: Stamps = {"approved-by": "alice", "approved-by-groups": LEADS}


def full(stamps: Stamps) -> Stamps:
    return {PREFIX + name: value for name, value in stamps.items()}


def create(scene: Scene, stamps: Stamps) -> Object:
    return scene.check(annotations={key: value for key, value in full(CREATED | stamps).items() if value is not None})


def edit(scene: Scene, stamps: Stamps) -> Object:
    check = create(scene, {})
    return scene["alice"].patch(check, {"spec": {"suspend": True}, "metadata": {"annotations": full(stamps)}})


def relabel(scene: Scene, stamps: Stamps) -> Object:
    check = create(scene, {})
    return scene["alice"].patch(check, {"metadata": {"labels": {"x": "y"}, "annotations": full(stamps)}})


def approve(scene: Scene, stamps: Stamps) -> Object:
    check = create(scene, {})
    scene.offer(check)
    return scene["alice"].patch(check, {"metadata": {"annotations": full({"approve": scene.offered, **stamps})}})


def reject(scene: Scene, stamps: Stamps) -> Object:
    check = create(scene, {})
    scene.offer(check)
    return scene["carol"].patch(check, {"metadata": {"annotations": full({"reject": scene.offered, **stamps})}})


def change_approved(scene: Scene, stamps: Stamps) -> Object:
    return scene["bob"].patch(approve(scene, APPROVED), {"metadata": {"annotations": full(stamps)}})


def replace_approved(scene: Scene, dropped: tuple[str, ...]) -> Object:
    approved = approve(scene, APPROVED)
    return scene["bob"].replace(without(approved, "none", *dropped))


def change_rejected(scene: Scene, stamps: Stamps) -> Object:
    rejected = reject(scene, {"rejected-by": "carol"})
    return scene["bob"].patch(rejected, {"metadata": {"annotations": full(stamps)}})


def reject_and_drop(scene: Scene, by: str) -> Object:
    rejected = reject(scene, {"rejected-by": "carol"})
    return scene[by].patch(rejected, {"metadata": {"annotations": full({"reject": None, "rejected-by": None})}})


def unstamped_is_refused(scene: Scene) -> bool:
    """Whether none of the mutating policies is in force any more: the last of them goes seconds after the first."""
    unstamped = (
        lambda: scene["bob"].create(objects.check(scene.namespace, scene.name), dryRun="All"),
        lambda: scene["ivan"].create(objects.record(scene.namespace, scene.name, "Imported"), dryRun="All"),
        lambda: reject_and_drop(Scene.new(scene.people, scene.namespace), by="bella"),
    )
    for request in unstamped:
        try:
            request()
        except RefusedError:
            continue
        return False
    return True


def import_(scene: Scene, importer: str) -> Object:
    record = objects.record(scene.namespace, scene.name, "Imported")
    record["metadata"]["annotations"] = {PREFIX + "imported-by": importer}
    return scene["ivan"].create(record)


def wrong(stamp: str, right: str | None, who: str) -> str:
    return f'annotation modelreuse.io/{stamp} of {{ns}}/{{name}}: must be "{right}" in this request by user "{who}"'


NOBODY = "of {ns}/{name}: must be absent here; it says who acted, and nobody did"
ATTEMPTS = (
    *(
        Attempt(f"create-without-{stamp}", create, {"stamps": {stamp: None}}, {"stamps": {}}, wrong(stamp, value, "bob"))
        for stamp, value in CREATED.items()
    ),
    Attempt("create-for-another-requester", create, {"stamps": {"requested-by": "carol"}}, {"stamps": {}}, wrong("requested-by", "bob", "bob")),
    Attempt("create-with-an-approver", create, {"stamps": {"approved-by": "alice"}}, {"stamps": {}}, "annotation modelreuse.io/approved-by " + NOBODY),
    Attempt("edit-without-a-stamp", edit, {"stamps": {}}, {"stamps": EDITED}, wrong("spec-changed-by", "alice", "alice")),
    Attempt("edit-without-groups", edit, {"stamps": {"spec-changed-by": "alice"}}, {"stamps": EDITED}, wrong("spec-changed-by-groups", LEADS, "alice")),
    Attempt("change-the-requester", relabel, {"stamps": {"requested-by": "carol"}}, {"stamps": {}}, wrong("requested-by", "bob", "alice")),
    Attempt("claim-an-edit", relabel, {"stamps": EDITED}, {"stamps": {}}, wrong("spec-changed-by", "bob", "alice")),
    Attempt("drop-the-requester", relabel, {"stamps": {"requested-by": None}}, {"stamps": {}}, wrong("requested-by", "bob", "alice")),
    Attempt("approve-without-a-stamp", approve, {"stamps": {}}, {"stamps": APPROVED}, wrong("approved-by", "alice", "alice")),
    Attempt("approve-in-anothers-name", approve, {"stamps": APPROVED | {"approved-by": "carol"}}, {"stamps": APPROVED}, wrong("approved-by", "alice", "alice")),
    Attempt("approve-with-other-groups", approve, {"stamps": APPROVED | {"approved-by-groups": "system:masters"}}, {"stamps": APPROVED}, wrong("approved-by-groups", LEADS, "alice")),
    Attempt("claim-an-approval", relabel, {"stamps": {"approved-by": "carol"}}, {"stamps": {}}, "annotation modelreuse.io/approved-by " + NOBODY),
    Attempt("change-the-approver", change_approved, {"stamps": {"approved-by": "carol"}}, {"stamps": {"x": "y"}}, wrong("approved-by", "alice", "bob")),
    Attempt("revoke-and-keep-the-approver", change_approved, {"stamps": {"approve": None}}, {"stamps": {"approve": None} | dict.fromkeys(APPROVED)}, "annotation modelreuse.io/approved-by " + NOBODY),
    Attempt("replace-without-the-approver", replace_approved, {"dropped": ("approved-by",)}, {"dropped": ()}, wrong("approved-by", "alice", "bob")),
    Attempt("reject-without-a-stamp", reject, {"stamps": {}}, {"stamps": {"rejected-by": "carol"}}, wrong("rejected-by", "carol", "carol")),
    Attempt("reject-in-anothers-name", reject, {"stamps": {"rejected-by": "alice"}}, {"stamps": {"rejected-by": "carol"}}, wrong("rejected-by", "carol", "carol")),
    Attempt("change-who-rejected", change_rejected, {"stamps": {"rejected-by": "bob"}}, {"stamps": {"x": "y"}}, wrong("rejected-by", "carol", "bob")),
    Attempt("drop-a-rejection", reject_and_drop, {"by": "bella"}, {"by": "alice"}, 'user "bella" may not decide on {ns}/{name}'),
    Attempt("import-in-anothers-name", import_, {"importer": "pat"}, {"importer": "ivan"}, 'imported-by of {ns}/{name}: must be "ivan"'),
)  # fmt: skip
