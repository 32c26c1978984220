"""Every name that crosses a process boundary: group, kinds, annotations, labels, paths, environment.

Admission policies, RBAC and other people's templates spell these names too, so each stands here once and is never
derived. Nothing here does anything.
"""

from typing import Final

GROUP: Final = "modelreuse.io"
VERSION: Final = "v1alpha1"
API_VERSION: Final = f"{GROUP}/{VERSION}"

OPERATOR_NAMESPACE: Final = "modelreuse-system"
OPERATOR_USER: Final = f"system:serviceaccount:{OPERATOR_NAMESPACE}:operator"
FIELD_MANAGER: Final = "modelreuse-operator"

# The human's verbs.
APPROVE: Final = f"{GROUP}/approve"
REJECT: Final = f"{GROUP}/reject"
ASSESS: Final = f"{GROUP}/assess"

# Stamped by admission, never by a person. Of groups: comma-separated, with % and , inside a name as %25 and %2C.
REQUESTED_BY: Final = f"{GROUP}/requested-by"
REQUESTED_BY_GROUPS: Final = f"{GROUP}/requested-by-groups"
SPEC_CHANGED_BY: Final = f"{GROUP}/spec-changed-by"
SPEC_CHANGED_BY_GROUPS: Final = f"{GROUP}/spec-changed-by-groups"
APPROVED_BY: Final = f"{GROUP}/approved-by"
APPROVED_BY_GROUPS: Final = f"{GROUP}/approved-by-groups"
REJECTED_BY: Final = f"{GROUP}/rejected-by"
IMPORTED_BY: Final = f"{GROUP}/imported-by"

# On the objects that the operator creates. A Job or Pod that carries CHECK_LABEL is ours by admission.
CHECK_LABEL: Final = f"{GROUP}/check"
ROLE_LABEL: Final = f"{GROUP}/role"
TASK_ANNOTATION: Final = f"{GROUP}/task"
RESERVED_PREFIX: Final = "mrc-"

# On a namespace, by the platform team.
ACCELERATORS_LABEL: Final = f"{GROUP}/accelerators"

# Others' names that we read.
QUEUE_LABEL: Final = "kueue.x-k8s.io/queue-name"
POD_OF_JOB_LABEL: Final = "batch.kubernetes.io/controller-uid"
COMPLETION_INDEX_LABEL: Final = "batch.kubernetes.io/job-completion-index"

# The containers by which results come back.
WORKER_CONTAINER: Final = "worker"
TRAINER_CONTAINER: Final = "trainer"
INPUTS_CONTAINER: Final = "modelreuse-inputs"
TERMINATION_LOG: Final = "/dev/termination-log"
TERMINATION_LOG_BYTES: Final = 4096

# What a pod of ours, or a trainer, finds in its environment.
TASK_ENV: Final = "MODELREUSE_TASK"
PLAN_ENV: Final = "MODELREUSE_PLAN"
# Which of several pods that share an assessment this is, how many there are, and where they meet (host:port).
SHARD_ENV: Final = "JOB_COMPLETION_INDEX"
SHARDS_ENV: Final = "MODELREUSE_SHARDS"
RENDEZVOUS_ENV: Final = "MODELREUSE_RENDEZVOUS"
SCRATCH_LIMIT_ENV: Final = "SCRATCH_LIMIT_BYTES"
RESERVED_ENV: Final = "MODELREUSE_"
MOUNT_ROOT: Final = "/mnt/modelreuse"
CLAIMS_ROOT: Final = f"{MOUNT_ROOT}/pvc"
CLAIMS_ROOT_ENV: Final = "MODELREUSE_PVC_ROOT"
# Where to answer instead of TERMINATION_LOG, outside a pod.
TERMINATION_LOG_ENV: Final = "MODELREUSE_TERMINATION_LOG"
RESERVED_VOLUMES: Final = "modelreuse-"
RESERVED_CONTAINERS: Final = "modelreuse-"
