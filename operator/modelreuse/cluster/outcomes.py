"""The end of a record: its outcome, written once."""

from modelreuse.api import Outcome
from modelreuse.cluster.client import Client, Json
from modelreuse.cluster.errors import NotFoundError
from modelreuse.cluster.resources import RECORDS


async def record_outcome(client: Client, namespace: str, name: str, outcome: Outcome) -> Json | None:
    """The record with its outcome: the one given here, or the one that it had already. None when the record is gone.

    Raises StaleError when somebody changed the record in between: look again.
    """
    try:
        record = await client.get(RECORDS, name, namespace)
        if "outcome" in record:
            return record
        guard = {"resourceVersion": record["metadata"]["resourceVersion"]}
        return await client.merge(RECORDS, name, {"metadata": guard, "outcome": outcome.to_wire()}, namespace)
    except NotFoundError:
        return None
