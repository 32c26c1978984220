"""The API server, as the rest of us needs it: the only code that opens a connection to one, or to anybody else.

Functions take a `Client` and return plain JSON objects or small values of this package; what those mean for a check is
decided elsewhere. Nothing here knows a rule or keeps a cache, and only what has surely not been sent is sent again: the
controller's queue repeats whole observations, which is safe where repeating single requests may not be.
"""

from modelreuse.cluster.checks import StatusWrite, list_checks, read_check, write_status
from modelreuse.cluster.client import Client, Connection, Json, connect, namespace_of
from modelreuse.cluster.creation import Created, Exists, Refused, create, create_once, dry_create
from modelreuse.cluster.electricity_maps import ElectricityMapsClient, NoReadingError
from modelreuse.cluster.errors import (
    AlreadyExistsError,
    ApiError,
    NotFoundError,
    RefusedError,
    StaleError,
    UnavailableError,
    UnsentError,
)
from modelreuse.cluster.events import EventRecorder
from modelreuse.cluster.gate import NAMES_ALONE, Gate, read_manifests
from modelreuse.cluster.ledgers import write_ledger, write_profile_status
from modelreuse.cluster.objects import (
    list_namespaces,
    list_policies,
    list_profiles,
    list_records,
    read_config_map,
    read_cron_job,
    read_namespace_labels,
    read_node_labels,
    read_record,
    read_runtime,
    serves_kind,
)
from modelreuse.cluster.outcomes import record_outcome
from modelreuse.cluster.rights import Question, User, is_allowed, user_name
from modelreuse.cluster.words import failure_of
from modelreuse.cluster.workloads import delete_job, list_jobs, read_job, read_pods, read_service, set_deadline

__all__ = [
    "NAMES_ALONE",
    "AlreadyExistsError",
    "ApiError",
    "Client",
    "Connection",
    "Created",
    "ElectricityMapsClient",
    "EventRecorder",
    "Exists",
    "Gate",
    "Json",
    "NoReadingError",
    "NotFoundError",
    "Question",
    "Refused",
    "RefusedError",
    "StaleError",
    "StatusWrite",
    "UnavailableError",
    "UnsentError",
    "User",
    "connect",
    "create",
    "create_once",
    "delete_job",
    "dry_create",
    "failure_of",
    "is_allowed",
    "list_checks",
    "list_jobs",
    "list_namespaces",
    "list_policies",
    "list_profiles",
    "list_records",
    "namespace_of",
    "read_check",
    "read_config_map",
    "read_cron_job",
    "read_job",
    "read_manifests",
    "read_namespace_labels",
    "read_node_labels",
    "read_pods",
    "read_record",
    "read_runtime",
    "read_service",
    "record_outcome",
    "serves_kind",
    "set_deadline",
    "user_name",
    "write_ledger",
    "write_profile_status",
    "write_status",
]
