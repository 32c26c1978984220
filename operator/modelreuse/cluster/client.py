"""One connection pool to one API server, speaking JSON: credentials, timeouts and typed errors, and nothing else.

Credentials come from the Kubernetes client library, since kubeconfigs and rotating tokens have more corners than ours
should. Its models stay unused: our kinds have their own, and the rest we read as the server wrote it.
"""

import json
import os
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
from kubernetes.aio.client import ApiClient, Configuration
from kubernetes.aio.config import (
    ConfigException,
    list_kube_config_contexts,
    load_incluster_config,
    load_kube_config,
)

from modelreuse.cluster.errors import NotFoundError, UnavailableError, UnsentError, error_of
from modelreuse.cluster.resources import Resource

Json = dict[str, Any]

PAGE = 500
TIMEOUT = aiohttp.ClientTimeout(total=30, connect=10)
MERGE_PATCH = "application/merge-patch+json"
_OWN_NAMESPACE = Path("/var/run/secrets/kubernetes.io/serviceaccount/namespace")
_NO_NAMESPACE = "default"


@dataclass(frozen=True)
class Connection:
    """How to reach the API server, for a library that opens connections of its own."""

    server: str
    ca_path: str | None
    certificate_path: str | None
    key_path: str | None
    authorization: str | None
    """The value of the HTTP header, scheme and all: a secret."""
    insecure: bool

    def __repr__(self) -> str:
        return f"Connection({self.server!r})"


class Client:
    """An API server, asked as one user."""

    def __init__(self, configuration: Configuration) -> None:
        self._configuration = configuration
        self._api = ApiClient(configuration)

    async def close(self) -> None:
        """Close all connections."""
        await self._api.close()  # type: ignore[no-untyped-call]

    async def connection(self) -> Connection:
        """The credentials as they are valid now."""
        configuration = self._configuration
        return Connection(
            server=configuration.host,
            ca_path=configuration.ssl_ca_cert,
            certificate_path=configuration.cert_file,
            key_path=configuration.key_file,
            authorization=await configuration.get_api_key_with_prefix("BearerToken"),
            insecure=not configuration.verify_ssl,
        )

    async def get(self, resource: Resource, name: str, namespace: str | None = None) -> Json:
        """The stored object; the server answers as of now, not from a cache."""
        return await self._send("GET", resource.path(namespace, name))

    async def list(self, resource: Resource, namespace: str | None = None, labels: str = "") -> AsyncIterator[Json]:
        """All objects, page by page; `labels` is a label selector."""
        query = {"limit": str(PAGE), **({"labelSelector": labels} if labels else {})}
        while True:
            page = await self._send("GET", resource.path(namespace), query=query)
            for item in page["items"]:
                # Items of a list don't say what they are.
                yield {"apiVersion": resource.api_version, "kind": resource.kind, **item}
            following = page["metadata"].get("continue")
            if not following:
                return
            query["continue"] = following

    async def create(self, resource: Resource, body: Mapping[str, Any], namespace: str | None = None) -> Json:
        """POST."""
        query = {"fieldValidation": "Strict"} if resource.strict else None
        return await self._send("POST", resource.path(namespace), query=query, body=dict(body))

    async def serves(self, resource: Resource) -> bool:
        """Whether this cluster knows the kind."""
        try:
            known = await self._send("GET", f"/apis/{resource.api_version}")
        except NotFoundError:
            return False
        return any(each["kind"] == resource.kind for each in known["resources"])

    async def dry_create(self, resource: Resource, body: Mapping[str, Any], namespace: str | None = None) -> Json:
        """POST as far as admission: the server answers as it would, and stores nothing."""
        return await self._send("POST", resource.path(namespace), query={"dryRun": "All"}, body=dict(body))

    async def replace(self, resource: Resource, body: Mapping[str, Any], part: str | None = None) -> Json:
        """PUT an object, or a subresource of it, guarded by the resourceVersion in its metadata."""
        metadata = body["metadata"]
        path = resource.path(metadata.get("namespace"), metadata["name"], part)
        return await self._send("PUT", path, body=dict(body))

    async def merge(
        self, resource: Resource, name: str, change: Mapping[str, Any], namespace: str | None = None
    ) -> Json:
        """PATCH by a merge patch."""
        return await self._send("PATCH", resource.path(namespace, name), body=dict(change), content_type=MERGE_PATCH)

    async def delete(self, resource: Resource, name: str, namespace: str | None, uid: str) -> Json:
        """DELETE the object with this UID and, a little later, what it owns. StaleError when another has its name."""
        options: Json = {"preconditions": {"uid": uid}, "propagationPolicy": "Background"}
        return await self._send("DELETE", resource.path(namespace, name), body=options)

    async def _send(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        body: Json | None = None,
        content_type: str = "application/json",
    ) -> Json:
        """The answer's JSON.

        Raises RefusedError for a definite no, UnsentError when nothing was asked, UnavailableError when there is no
        telling.
        """
        headers = {"Accept": "application/json", "Content-Type": content_type}
        try:
            request = await self._api.param_serialize(
                method,
                path,
                query_params=list((query or {}).items()),
                header_params=headers,
                body=body,
                auth_settings=["BearerToken"],
            )
            response = await self._api.call_api(*request, _request_timeout=TIMEOUT)
            raw = await response.read()  # type: ignore[no-untyped-call]
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            raise UnsentError(f"{method} {path}: {error or type(error).__name__}") from error
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise UnavailableError(f"{method} {path}: {error or type(error).__name__}") from error
        answer = _decoded(raw)
        if response.status >= 300:
            raise error_of(response.status, answer.get("reason", ""), answer.get("message", f"{method} {path}"))
        return answer


def _decoded(raw: bytes) -> Json:
    """The JSON object of a body; proxies between us and the server answer with anything."""
    try:
        answer = json.loads(raw)
    except ValueError:
        answer = None
    return answer if isinstance(answer, dict) else {"message": raw[:200].decode(errors="replace")}


async def connect(context: str | None = None) -> Client:
    """A client for the server that KUBECONFIG names, or that this pod belongs to, or that ~/.kube/config names.

    `context`: of the kubeconfig, instead of its current one. Raises ConnectionError in words when none of them leads
    anywhere.
    """
    # Proxies of the environment are for the world outside; a kubeconfig says so itself where its server needs one.
    configuration = Configuration(client_session_kwargs={"trust_env": False})
    try:
        if context is not None or _by_kubeconfig():
            await load_kube_config(  # type: ignore[no-untyped-call]
                config_file=os.environ.get("KUBECONFIG"),
                context=context,
                client_configuration=configuration,
                persist_config=False,
            )
        else:
            load_incluster_config(client_configuration=configuration)  # type: ignore[no-untyped-call]
    except (ConfigException, OSError) as error:
        raise ConnectionError(
            f"no API server is known: {error}; run in a pod with a service account, or set KUBECONFIG"
        ) from error
    return Client(configuration)


def namespace_of(context: str | None = None) -> str:
    """The namespace that a person means who names none: that of the context, or of this pod; else `default`.

    Raises ConnectionError in words when there is no such context.
    """
    if context is None and not _by_kubeconfig():
        return _OWN_NAMESPACE.read_text().strip() if _OWN_NAMESPACE.exists() else _NO_NAMESPACE
    try:
        known, current = list_kube_config_contexts(os.environ.get("KUBECONFIG"))  # type: ignore[no-untyped-call]
    except (ConfigException, OSError) as error:
        raise ConnectionError(f"the kubeconfig can't be read: {error}") from error
    chosen = next((each for each in known if each["name"] == context), None) if context is not None else current
    if chosen is None:
        names = ", ".join(each["name"] for each in known)
        raise ConnectionError(f"the kubeconfig has no context {context}; it has {names}")
    return chosen["context"].get("namespace") or _NO_NAMESPACE


def _by_kubeconfig() -> bool:
    return "KUBECONFIG" in os.environ or "KUBERNETES_SERVICE_HOST" not in os.environ
