# ruff: noqa: E501 - one attempt a line, as rows of a table
"""Records are the audit trail: written by the operator, imported only by who may and under their own name."""

from cluster.gate import objects
from cluster.gate.attempt import Attempt
from cluster.gate.people import make_namespace
from cluster.gate.scene import Scene
from cluster.person import Object
from cluster.waiting import until

SIGNED_BY = {"modelreuse.io/imported-by": "pat"}


def create(scene: Scene, by: str, source: str = "Operator", prefix: str = "") -> Object:
    return scene[by].create(objects.record(scene.namespace, prefix + scene.name, source))


def create_signed(scene: Scene, annotations: Object) -> Object:
    record = objects.record(scene.namespace, scene.name, "Operator")
    return scene["operator"].create(record | {"metadata": record["metadata"] | {"annotations": annotations}})


def change(scene: Scene, by: str, change: Object, source: str = "Operator") -> Object:
    return scene[by].patch(scene.record(source), change)


def delete(scene: Scene, by: str = "bob", source: str = "Operator") -> Object:
    return scene[by].delete(scene.record(source))


def delete_all(scene: Scene, source: str) -> None:
    """In a namespace of its own, or it would find the records of other attempts."""
    namespace = f"{scene.namespace}-{scene.name}"
    make_namespace(scene["admin"], namespace)
    role = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "modelreuse-importer"}
    deleting = {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "Role",
        "metadata": {"namespace": namespace, "name": "all-but-purge"},
        "rules": [
            {"apiGroups": ["modelreuse.io"], "resources": ["*"], "verbs": ["list", "delete", "deletecollection"]}
        ],
    }
    scene["admin"].apply(deleting)
    for name, kind in (("modelreuse-importer", "ClusterRole"), ("all-but-purge", "Role")):
        binding = {
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": "RoleBinding",
            "metadata": {"namespace": namespace, "name": name},
            "roleRef": role | {"kind": kind, "name": name},
            "subjects": [{"apiGroup": role["apiGroup"], "kind": "User", "name": "ivan"}],
        }
        scene["admin"].apply(binding)
    until(
        lambda: scene["ivan"].may("deletecollection", "modelreuse.io", "retrainingrecords", namespace), "ivan deletes"
    )
    record = objects.record(namespace, scene.name, source)
    scene["operator" if source == "Operator" else "ivan"].create(record)
    scene["ivan"].delete_all(record)


LABEL = {"metadata": {"labels": {"x": "y"}}}
OUTCOME = {"outcome": objects.outcome()}
CHANGE = "may not change {ns}/{name}: only the operator completes a record"
KEEP = "may not delete {ns}/{name}: what the operator recorded is the audit trail"

ATTEMPTS = (
    Attempt("create-a-record-of-the-operator", create, {"by": "bob"}, {"by": "operator"}, 'user "bob" may not create {ns}/{name} with source Operator'),
    Attempt("create-one-with-a-wildcard-role", create, {"by": "mallory"}, {"by": "operator"}, 'user "mallory" may not create {ns}/{name} with source Operator'),
    Attempt("create-one-as-importer", create, {"source": "Operator"}, {"source": "Imported"}, 'user "ivan" may not create {ns}/{name} with source Operator', given={"by": "ivan"}),
    Attempt("import-without-the-verb", create, {"by": "bob"}, {"by": "ivan"}, 'user "bob" may not import {ns}/{name}', given={"source": "Imported"}),
    Attempt("import-as-operator", create, {"by": "operator"}, {"by": "ivan"}, f'user "{"system:serviceaccount:modelreuse-system:operator"}" may not import', given={"source": "Imported"}),
    Attempt("import-under-the-operators-prefix", create, {"prefix": "mrc-"}, {"prefix": "m-"}, "{ns}/mrc-{name}: names that begin with mrc- are for the operator's own records", given={"by": "ivan", "source": "Imported"}),
    Attempt("operator-record-with-an-importer", create_signed, {"annotations": SIGNED_BY}, {"annotations": {}}, "imported-by of {ns}/{name}: must be absent"),
    Attempt("set-the-outcome", change, {"by": "bob"}, {"by": "operator"}, 'user "bob" ' + CHANGE, given={"change": OUTCOME}),
    Attempt("set-the-outcome-with-a-wildcard-role", change, {"by": "mallory"}, {"by": "operator"}, 'user "mallory" ' + CHANGE, given={"change": OUTCOME}),
    Attempt("label-a-record", change, {"by": "bob"}, {"by": "operator"}, 'user "bob" ' + CHANGE, given={"change": LABEL}),
    Attempt("hold-a-record-by-a-finalizer", change, {"by": "bob"}, {"by": "garbage_collector"}, 'user "bob" ' + CHANGE, given={"change": {"metadata": {"finalizers": ["example.com/x"]}}}),
    Attempt("give-a-record-an-owner", change, {"by": "bob"}, {"by": "operator"}, 'user "bob" ' + CHANGE, given={"change": {"metadata": {"ownerReferences": [{"apiVersion": "v1", "kind": "ConfigMap", "name": "x", "uid": "1"}]}}}),
    Attempt("change-an-imported-record", change, {"by": "bob"}, {"by": "operator"}, 'user "bob" ' + CHANGE, given={"change": LABEL, "source": "Imported"}),
    Attempt("complete-a-record-as-garbage-collector", change, {"change": OUTCOME}, {"change": {"metadata": {"finalizers": ["example.com/x"]}}}, CHANGE, given={"by": "garbage_collector"}),
    Attempt("delete-a-record", delete, {"by": "bob"}, {"by": "pat"}, 'user "bob" ' + KEEP),
    Attempt("delete-a-record-as-operator", delete, {"by": "operator"}, {"by": "pat"}, "cannot delete resource"),
    Attempt("delete-an-operators-record-like-an-imported-one", delete, {"source": "Operator"}, {"source": "Imported"}, 'user "bob" ' + KEEP),
    Attempt("delete-all-records", delete_all, {"source": "Operator"}, {"source": "Imported"}, "what the operator recorded is the audit trail"),
)  # fmt: skip
