"""Stores what budgets hold, one policy after the other, and knows afterwards what is stored.

Each write is guarded by the version that was decided upon. Whoever was faster makes the rest of the look void: the
policies are read anew, and the next look decides by what they hold then.
"""

import logging
from collections.abc import Iterable

from modelreuse.cluster import Client, RefusedError, list_policies, write_ledger
from modelreuse.controller.cache import Cache
from modelreuse.controller.key import Key
from modelreuse.decisions import Ledger, described

_log = logging.getLogger(__name__)


async def store_ledgers(client: Client, cache: Cache, ledgers: Iterable[Ledger]) -> bool:
    """Write them in the order of the policies' names; False when one has changed since it was read: look again.

    Raises RefusedError when a write is refused for another reason.
    """
    for ledger in sorted(ledgers, key=lambda each: each.policy):
        written = await write_ledger(client, ledger.policy, ledger.resource_version, ledger.status)
        if written is None:
            _log.info("RetrainPolicy %s changed meanwhile; looking again", ledger.policy)
            await cache.policies.refill(list_policies(client))
            _raise_if_unchanged(cache, ledger)
            return False
        cache.policies.put(written)
        _log.info("RetrainPolicy %s: ledger stored", ledger.policy)
    return True


async def list_labels(client: Client, cache: Cache) -> None:
    """Say in each policy's status which labels of namespaces it reads. Nothing rests on it: a refusal is no error."""
    for ledger in described(cache.policies_and_profiles()[0]):
        try:
            await store_ledgers(client, cache, [ledger])
        except RefusedError as error:
            _log.warning("RetrainPolicy %s: its labels can't be listed in status: %s", ledger.policy, error)


def _raise_if_unchanged(cache: Cache, ledger: Ledger) -> None:
    """A write that is refused though nobody was faster would be refused again, at once and for ever."""
    now = cache.policies.get(Key("", ledger.policy))
    if now is not None and now.metadata.resource_version == ledger.resource_version:
        message = f"RetrainPolicy {ledger.policy}: status can't be stored; is this release's definition installed?"
        raise RefusedError(404, "NotFound", message)
