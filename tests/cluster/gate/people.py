"""Who takes part, and what RBAC lets them do in the team's namespace.

RBAC is generous here on purpose: whoever is refused must be refused by the gate, not by a role that somebody might
widen tomorrow.
"""

from collections.abc import Mapping

from cluster.fake_trainer_controller import JOB_SET_ACCOUNT, TRAINER_ACCOUNT
from cluster.person import Object, Person, RefusedError
from cluster.waiting import until

RBAC = "rbac.authorization.k8s.io"
OPERATOR = "system:serviceaccount:modelreuse-system:operator"
JOB_CONTROLLER = "system:serviceaccount:kube-system:job-controller"
KUEUE = "system:serviceaccount:kueue-system:kueue-controller-manager"
GARBAGE_COLLECTOR = "system:serviceaccount:kube-system:generic-garbage-collector"
NODE = "system:node:n1"
READ, READ_BY_EXPRESSION = "tier", "stage"
"""Labels of namespaces that a policy of the platform team reads."""
LABEL_POLICY: Object = {
    "apiVersion": "modelreuse.io/v1alpha1",
    "kind": "RetrainPolicy",
    "metadata": {"name": "gate-labels"},
    "spec": {
        "namespaceSelector": {
            "matchLabels": {READ: "never"},
            "matchExpressions": [{"key": READ_BY_EXPRESSION, "operator": "Exists"}],
        },
        "costProfile": "none",
        "reuse": {"maxQualityLoss": "0.1"},
    },
}

# name -> (user, groups, cluster roles bound in the namespace, own rules there)
_EVERY_PLAIN_VERB = ["get", "list", "watch", "create", "update", "patch", "delete", "deletecollection"]
_EVERYTHING_BUT_SPECIAL_VERBS = {"apiGroups": ["*"], "resources": ["*"], "verbs": _EVERY_PLAIN_VERB}
_WILDCARD = {"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]}
_CHECKS_ALONE = {"apiGroups": ["modelreuse.io"], "resources": ["*"], "verbs": _EVERY_PLAIN_VERB}
_JOBS_AND_ONE_CRON_JOB: tuple[Object, ...] = (
    {"apiGroups": ["batch"], "resources": ["jobs"], "verbs": ["create"]},
    {"apiGroups": ["batch"], "resources": ["cronjobs"], "resourceNames": ["nightly"], "verbs": ["get"]},
)
_OF_KUEUE = ("system:serviceaccounts", "system:serviceaccounts:kueue-system")
_HOLDS_JOBS: tuple[Object, ...] = (
    {"apiGroups": ["batch"], "resources": ["jobs", "jobs/status"], "verbs": ["get", "update", "patch"]},
    {"apiGroups": ["trainer.kubeflow.org"], "resources": ["*"], "verbs": ["get", "update", "patch"]},
)
_KEEPS_TRAIN_JOBS: tuple[Object, ...] = (
    {"apiGroups": ["trainer.kubeflow.org", "jobset.x-k8s.io", "batch"], "resources": ["*"], "verbs": ["*"]},
)
_PURGE = {"apiGroups": ["modelreuse.io"], "resources": ["retrainingrecords"], "verbs": ["delete", "purge"]}

CAST: dict[str, tuple[str, tuple[str, ...], tuple[str, ...], tuple[Object, ...]]] = {
    "bob": ("bob", ("engineers",), ("edit",), (_EVERYTHING_BUT_SPECIAL_VERBS,)),  # requests
    "bella": ("bella", ("engineers",), ("edit",), ()),  # requests, with no more than Kubernetes' own role `edit`
    "alice": ("alice", ("platform-leads", "on-call"), ("edit", "modelreuse-approver"), ()),  # edits and approves
    "carol": ("carol", ("platform-leads",), ("modelreuse-approver",), ()),  # approves, and can't create Jobs
    "dan": ("dan", (), (), (_CHECKS_ALONE,)),  # writes checks, and can't create Jobs
    "erin": ("erin", (), (), (_CHECKS_ALONE, *_JOBS_AND_ONE_CRON_JOB)),  # of CronJobs may read `nightly` alone
    "ivan": ("ivan", (), ("modelreuse-importer",), ()),
    "pat": ("pat", (), (), (_PURGE,)),
    "mallory": ("mallory", (), (), (_WILDCARD,)),
    "kueue": (KUEUE, _OF_KUEUE, (), _HOLDS_JOBS),
    "other_kueue": ("system:serviceaccount:kueue-system:default", _OF_KUEUE, (), _HOLDS_JOBS),
    "trainer": (TRAINER_ACCOUNT, ("system:serviceaccounts",), (), _KEEPS_TRAIN_JOBS),
    "job_sets": (JOB_SET_ACCOUNT, ("system:serviceaccounts",), (), _KEEPS_TRAIN_JOBS),
    "eve": ("eve", (), (), ()),
    "ci": ("system:serviceaccount:{namespace}:ci", (), ("edit", "modelreuse-approver"), ()),
    "shared_admin": ("system:admin", (), ("admin", "modelreuse-approver"), ()),
    "capital_bob": ("Bob", (), ("edit", "modelreuse-approver"), ()),
    "cyrillic_alice": ("\u0430lice", (), ("edit", "modelreuse-approver"), ()),
    "robot_in_disguise": ("alex", ("system:serviceaccounts",), ("edit", "modelreuse-approver"), ()),
    "alex": ("alex", (), ("edit", "modelreuse-approver"), ()),
}
_PARTS_OF_KUBERNETES = {
    "operator": (OPERATOR, ()),
    "job_controller": (JOB_CONTROLLER, ()),
    "garbage_collector": (GARBAGE_COLLECTOR, ()),
    "node": (NODE, ("system:nodes",)),
}


def gather(admin: Person, namespace: str) -> Mapping[str, Person]:
    """Everybody by name, once their roles work in `namespace`."""
    people = {"admin": admin}
    admin.apply(LABEL_POLICY)
    for name, (user, groups) in _PARTS_OF_KUBERNETES.items():
        people[name] = admin.speaking_for(user, *groups)
    for name, (user, groups, roles, rules) in CAST.items():
        user = user.format(namespace=namespace)
        people[name] = admin.speaking_for(user, *groups)
        for role in roles:
            admin.apply(_binding(namespace, f"{name}-{role}", "ClusterRole", role, user))
        if rules:
            own = {"apiVersion": f"{RBAC}/v1", "kind": "Role", "metadata": {"namespace": namespace, "name": name}}
            admin.apply({**own, "rules": list(rules)})
            admin.apply(_binding(namespace, name, "Role", name, user))
    until(
        lambda: people["bella"].may("create", "modelreuse.io", "modelreusechecks", namespace),
        "the role edit includes checks",
    )
    _keep_accelerators(admin, namespace)
    until(lambda: people["ivan"].may("import", "modelreuse.io", "retrainingrecords", namespace), "ivan may import")
    return people


def _keep_accelerators(admin: Person, namespace: str) -> None:
    """For approved retrainings, and for the service account `inference`."""
    reference = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}}
    admin.patch(reference, {"metadata": {"labels": {"modelreuse.io/accelerators": "approved"}}})
    account = {"namespace": namespace, "name": "inference"}
    admin.apply({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": account})
    binding = _binding(namespace, "inference", "ClusterRole", "modelreuse-accelerator-user", "")
    admin.apply(binding | {"subjects": [{"kind": "ServiceAccount", **account}]})


def make_namespace(admin: Person, name: str) -> None:
    """A namespace in which pods can be created."""
    namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}
    account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"namespace": name, "name": "default"}}
    admin.create(namespace)

    def has_account() -> bool:
        try:
            return bool(admin.get(account))
        except RefusedError:
            return False

    until(has_account, f"namespace {name} has its default account")


def _binding(namespace: str, name: str, kind: str, role: str, user: str) -> Object:
    return {
        "apiVersion": f"{RBAC}/v1",
        "kind": "RoleBinding",
        "metadata": {"namespace": namespace, "name": name},
        "roleRef": {"apiGroup": RBAC, "kind": kind, "name": role},
        "subjects": [{"apiGroup": RBAC, "kind": "User", "name": user}],
    }
