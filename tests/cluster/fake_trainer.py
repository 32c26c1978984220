"""Kubeflow Trainer and JobSet, as far as the API server knows them: their kinds, cut down to the fields that matter.

Shapes, defaults and immutability follow the published CustomResourceDefinitions of Kubeflow Trainer 2.2
(github.com/kubeflow/trainer, manifests/base/crds: trainjobs, trainingruntimes, clustertrainingruntimes) and of JobSet
(github.com/kubernetes-sigs/jobset, v1alpha2); both Apache-2.0. Pod specs are left open, since 500 kB of them say
nothing of Trainer. Their controllers are played by `fake_trainer_controller`.
"""

from typing import Any

from cluster.person import Object, Person, RefusedError
from cluster.waiting import until

TRAINER = "trainer.kubeflow.org"
TRAINER_VERSION = f"{TRAINER}/v1alpha1"
JOB_SETS = "jobset.x-k8s.io"
_IMMUTABLE = [{"rule": "self == oldSelf", "message": "field is immutable"}]
_TEXT = {"type": "string"}
_NUMBER = {"type": "integer", "format": "int32"}
_VARIABLES = {
    "type": "array",
    "items": {
        "type": "object",
        "x-kubernetes-preserve-unknown-fields": True,
        "required": ["name"],
        "properties": {"name": _TEXT},
    },
    "x-kubernetes-list-type": "map",
    "x-kubernetes-list-map-keys": ["name"],
}
_OPEN = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
_STRINGS = {"type": "array", "items": _TEXT}
_METADATA = {
    "type": "object",
    "properties": {field: {"type": "object", "additionalProperties": _TEXT} for field in ("labels", "annotations")},
}


def _object(required: tuple[str, ...] = (), **properties: Any) -> Object:
    return {"type": "object", "properties": properties, **({"required": list(required)} if required else {})}


def _list(key: str, item: Object) -> Object:
    return {"type": "array", "items": item, "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": [key]}


_JOB_TEMPLATE = _object(metadata=_METADATA, spec=_OPEN)
_JOB_SET_SPEC = _object(
    failurePolicy=_object(
        maxRestarts=_NUMBER,
        restartStrategy={**_TEXT, "default": "Recreate", "enum": ["Recreate", "BlockingRecreate", "InPlaceRestart"]},
    ),
    network=_object(
        enableDNSHostnames={"type": "boolean"}, subdomain=_TEXT, publishNotReadyAddresses={"type": "boolean"}
    ),
    replicatedJobs=_list(
        "name",
        _object(
            ("name", "template"),
            name=_TEXT,
            groupName={**_TEXT, "default": "default"},
            replicas={**_NUMBER, "default": 1},
            template=_JOB_TEMPLATE,
        ),
    ),
    suspend={"type": "boolean"},
    ttlSecondsAfterFinished=_NUMBER,
)
_RUNTIME_SPEC = _object(
    mlPolicy=_object(
        numNodes=_NUMBER,
        torch=_object(),
        jax=_object(),
        xgboost=_object(),
        mpi=_object(numProcPerNode={**_NUMBER, "default": 1}, runLauncherAsNode={"type": "boolean", "default": False}),
    ),
    podGroupPolicy=_object(coscheduling=_object(scheduleTimeoutSeconds={**_NUMBER, "default": 60})),
    template=_object(metadata=_METADATA, spec=_JOB_SET_SPEC),
)
_CONDITIONS = _list(
    "type",
    _object(
        ("type", "status", "reason", "message", "lastTransitionTime"),
        type=_TEXT,
        status=_TEXT,
        reason=_TEXT,
        message=_TEXT,
        lastTransitionTime={**_TEXT, "format": "date-time"},
        observedGeneration={"type": "integer", "format": "int64"},
    ),
)
_POD_PATCH = _object(
    metadata=_METADATA,
    spec=_object(
        nodeSelector={"type": "object", "additionalProperties": _TEXT},
        tolerations={"type": "array", "items": _OPEN},
        affinity=_OPEN,
        schedulingGates=_list("name", _object(("name",), name=_TEXT)),
        containers=_list("name", _object(("name",), name=_TEXT, env=_VARIABLES)),
    ),
)
_RUNTIME_PATCH = _object(
    ("manager",),
    manager={**_TEXT, "maxLength": 253},
    time={**_TEXT, "format": "date-time"},
    trainingRuntimeSpec=_object(
        template=_object(
            metadata=_METADATA,
            spec=_object(
                replicatedJobs=_list(
                    "name",
                    _object(
                        ("name",),
                        name=_TEXT,
                        template=_object(metadata=_METADATA, spec=_object(template=_POD_PATCH)),
                    ),
                )
            ),
        )
    ),
)
_TRAIN_JOB_SPEC = _object(
    ("runtimeRef",),
    runtimeRef=_object(
        ("name",),
        name=_TEXT,
        apiGroup={**_TEXT, "default": TRAINER},
        kind={**_TEXT, "default": "ClusterTrainingRuntime"},
    )
    | {"x-kubernetes-validations": _IMMUTABLE},
    trainer=_object(
        image=_TEXT,
        command=_STRINGS,
        args=_STRINGS,
        env=_VARIABLES,
        numNodes=_NUMBER,
        numProcPerNode=_NUMBER,
        resourcesPerNode=_OPEN,
    )
    | {"x-kubernetes-validations": _IMMUTABLE},
    runtimePatches=_list("manager", _RUNTIME_PATCH),
    suspend={"type": "boolean", "default": False},
    activeDeadlineSeconds={
        "type": "integer",
        "format": "int64",
        "minimum": 1,
        "x-kubernetes-validations": _IMMUTABLE,
    },
    managedBy={**_TEXT, "default": f"{TRAINER}/trainjob-controller", "x-kubernetes-validations": _IMMUTABLE},
)
_COUNTS = ("ready", "succeeded", "failed", "active", "suspended")
_TRAIN_JOB_STATUS = _object(
    conditions=_CONDITIONS,
    jobsStatus=_list("name", _object(("name", *_COUNTS), name=_TEXT, **dict.fromkeys(_COUNTS, _NUMBER))),
)


def _definition(group: str, version: str, kind: str, spec: Object, status: Object | None, scope: str) -> Object:
    plural = f"{kind.lower()}s"
    schema = _object(apiVersion=_TEXT, kind=_TEXT, metadata={"type": "object"}, spec=spec)
    served: Object = {"name": version, "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}}
    if status is not None:
        schema["properties"]["status"] = status
        served["subresources"] = {"status": {}}
    names = {"kind": kind, "listKind": f"{kind}List", "plural": plural, "singular": kind.lower()}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{plural}.{group}"},
        "spec": {"group": group, "names": names, "scope": scope, "versions": [served]},
    }


DEFINITIONS = (
    _definition(TRAINER, "v1alpha1", "TrainJob", _TRAIN_JOB_SPEC, _TRAIN_JOB_STATUS, "Namespaced"),
    _definition(TRAINER, "v1alpha1", "TrainingRuntime", _RUNTIME_SPEC, None, "Namespaced"),
    _definition(TRAINER, "v1alpha1", "ClusterTrainingRuntime", _RUNTIME_SPEC, None, "Cluster"),
    _definition(JOB_SETS, "v1alpha2", "JobSet", _JOB_SET_SPEC, _object(conditions=_CONDITIONS), "Namespaced"),
)


def install(admin: Person) -> None:
    """All of them, once they are served."""
    for definition in DEFINITIONS:
        admin.apply(definition)
    until(lambda: all(is_served(admin, each) for each in DEFINITIONS), "the kinds of Kubeflow Trainer are served")


def remove(admin: Person) -> None:
    """All of them, once they are no longer served."""
    for definition in DEFINITIONS:
        admin.delete(definition)
    until(lambda: not any(is_served(admin, each) for each in DEFINITIONS), "the kinds are gone")


def is_served(admin: Person, definition: Object) -> bool:
    """Whether objects of this definition can be listed."""
    spec = definition["spec"]
    version = f"{spec['group']}/{spec['versions'][0]['name']}"
    try:
        admin.list({"apiVersion": version, "kind": spec["names"]["kind"], "metadata": {}})
    except RefusedError:
        return False
    return True
