"""Asking the API server what somebody else may do, at the moment in which it matters."""

from collections.abc import Iterator
from dataclasses import dataclass

from modelreuse.cluster.client import Client, Json
from modelreuse.cluster.resources import ACCESS_REVIEWS, OWN_REVIEWS

AUTHENTICATED = "system:authenticated"


@dataclass(frozen=True)
class User:
    """Somebody as admission stamped them."""

    name: str
    groups: tuple[str, ...] = ()

    @classmethod
    def stamped(cls, name: str, groups: str) -> "User":
        """The user whom two stamps name; an empty stamp of groups means that none is known."""
        known = tuple(_unescaped(group) for group in groups.split(",") if group)
        return cls(name, known if AUTHENTICATED in known else (*known, AUTHENTICATED))


@dataclass(frozen=True)
class Question:
    """May somebody use this verb on this resource?"""

    verb: str
    group: str
    resource: str
    namespace: str
    name: str | None = None


async def is_allowed(client: Client, user: User, question: Question) -> bool:
    """What a SubjectAccessReview answers; False for a user without a name."""
    if not user.name:
        return False
    review: Json = {
        "apiVersion": ACCESS_REVIEWS.api_version,
        "kind": ACCESS_REVIEWS.kind,
        "spec": {"user": user.name, "groups": list(user.groups), "resourceAttributes": dict(_attributes(question))},
    }
    answer = await client.create(ACCESS_REVIEWS, review)
    allowed: bool = answer["status"].get("allowed", False)
    return allowed


async def user_name(client: Client) -> str:
    """Who we are to the API server."""
    answer = await client.create(OWN_REVIEWS, {"apiVersion": OWN_REVIEWS.api_version, "kind": OWN_REVIEWS.kind})
    name: str = answer["status"]["userInfo"]["username"]
    return name


def _attributes(question: Question) -> Iterator[tuple[str, str]]:
    yield "verb", question.verb
    yield "group", question.group
    yield "resource", question.resource
    yield "namespace", question.namespace
    if question.name is not None:
        yield "name", question.name


def _unescaped(group: str) -> str:
    """A group's name as admission escaped it: `%25` for a percent sign, `%2C` for a comma."""
    return group.replace("%2C", ",").replace("%25", "%")
