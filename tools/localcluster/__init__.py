"""A real Kubernetes cluster on one bare Linux machine, without Docker, for demos and tests.

Why it exists: the operator's promises (admission, RBAC, Jobs, termination messages) hold only against real servers,
and a newcomer's machine has none. It builds them from Go modules pinned in `tools/go`, starts them, and removes every
trace of them. It must not know anything about the operator: whoever wants CRDs or a chart installs them through a
kubeconfig.
"""

from localcluster.cluster import Cluster
from localcluster.errors import ClusterError

__all__ = ["Cluster", "ClusterError"]
