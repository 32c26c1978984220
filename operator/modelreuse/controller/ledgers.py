"""Stores what budgets hold, one policy after the other, and knows afterwards what is stored.

Each write is guarded by the version that was decided upon. Whoever was faster makes the rest of the look void: the
policies are read anew, and the next look decides by what they hold then.
"""

import logging
from collections.abc import Iterable

from modelreuse.cluster import Client, list_policies, write_ledger
from modelreuse.controller.cache import Cache
from modelreuse.decisions import Ledger, described

_log = logging.getLogger(__name__)


async def store_ledgers(client: Client, cache: Cache, ledgers: Iterable[Ledger]) -> bool:
    """Write them in the order of the policies' names; False when one has changed since it was read: look again."""
    for ledger in sorted(ledgers, key=lambda each: each.policy):
        written = await write_ledger(client, ledger.policy, ledger.resource_version, ledger.status)
        if written is None:
            _log.info("RetrainPolicy %s changed meanwhile; looking again", ledger.policy)
            await cache.policies.refill(list_policies(client))
            return False
        cache.policies.put(written)
        _log.info("RetrainPolicy %s: ledger stored", ledger.policy)
    return True


async def list_labels(client: Client, cache: Cache) -> None:
    """Say in each policy's status which labels of namespaces it reads."""
    for ledger in described(cache.policies_and_profiles()[0]):
        await store_ledgers(client, cache, [ledger])
