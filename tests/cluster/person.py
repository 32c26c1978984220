"""One user at one API server: the few requests that tests make, in plain HTTP, so that nothing hides what was sent.

It knows nothing of what is tested. Every refusal is a `RefusedError` with the server's own sentence.
"""

import base64
import json
import ssl
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import urllib3
import yaml

Object = dict[str, Any]

MERGE = "application/merge-patch+json"
JSON_PATCH = "application/json-patch+json"
APPLY = "application/apply-patch+yaml"


class RefusedError(Exception):
    """The API server said no: HTTP status and its sentence."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


@dataclass(frozen=True)
class Person:
    """A user with an own certificate, or, by impersonation, anybody whom that user may speak for."""

    server: str
    pool: urllib3.PoolManager = field(repr=False)
    headers: Mapping[str, str] = field(default_factory=dict)
    group_headers: Sequence[str] = ()

    @classmethod
    def from_kubeconfig(cls, path: Path) -> "Person":
        """The user whom a kubeconfig with a client certificate names."""
        config = yaml.safe_load(path.read_text())
        cluster, user = config["clusters"][0]["cluster"], config["users"][0]["user"]
        context = ssl.create_default_context(cadata=base64.b64decode(cluster["certificate-authority-data"]).decode())
        with tempfile.NamedTemporaryFile("wb") as pair:
            pair.write(base64.b64decode(user["client-certificate-data"]))
            pair.write(base64.b64decode(user["client-key-data"]))
            pair.flush()
            context.load_cert_chain(pair.name)
        return cls(cluster["server"], urllib3.PoolManager(ssl_context=context, maxsize=4))

    def speaking_for(self, user: str, *groups: str) -> "Person":
        """The same connection in somebody else's name."""
        # HTTP headers are Latin-1 to Python and bytes to the server: this sends the name's UTF-8.
        name = user.encode().decode("latin-1")
        return Person(self.server, self.pool, {"Impersonate-User": name}, groups)

    @classmethod
    def from_token(cls, path: Path, token: str) -> "Person":
        """Somebody who shows this bearer token and no certificate, at the API server of a kubeconfig."""
        cluster = yaml.safe_load(path.read_text())["clusters"][0]["cluster"]
        context = ssl.create_default_context(cadata=base64.b64decode(cluster["certificate-authority-data"]).decode())
        return cls(cluster["server"], urllib3.PoolManager(ssl_context=context), {"Authorization": f"Bearer {token}"})

    def hang_up(self) -> None:
        """Close the connections, also of everybody who shares them."""
        self.pool.clear()

    def create(self, obj: Object, **query: str) -> Object:
        """POST."""
        return self._send("POST", path_of(obj, named=False), obj, **query)

    def get(self, obj: Object) -> Object:
        """GET the stored state of `obj`."""
        return self._send("GET", path_of(obj))

    def list(self, obj: Object, **query: str) -> list[Object]:
        """GET all objects of this kind in this namespace."""
        items: list[Object] = self._send("GET", path_of(obj, named=False), **query)["items"]
        return items

    def replace(self, obj: Object, *, part: str = "", **query: str) -> Object:
        """PUT."""
        return self._send("PUT", path_of(obj, part), obj, **query)

    def patch(self, obj: Object, change: object, *, part: str = "", kind: str = MERGE, **query: str) -> Object:
        """PATCH with a merge patch, or with another `kind`."""
        return self._send("PATCH", path_of(obj, part), change, content_type=kind, **query)

    def apply(self, obj: Object, *, part: str = "", manager: str = "test") -> Object:
        """Server-side apply, by force."""
        return self.patch(obj, obj, part=part, kind=APPLY, fieldManager=manager, force="true")

    def annotate(self, obj: Object, **annotations: str | None) -> Object:
        """What `kubectl annotate` sends; `reject=None` removes; names are those of our group."""
        ours = {f"modelreuse.io/{name.replace('_', '-')}": value for name, value in annotations.items()}
        return self.patch(obj, {"metadata": {"annotations": ours}})

    def delete(self, obj: Object, **query: str) -> Object:
        """DELETE."""
        return self._send("DELETE", path_of(obj), **query)

    def delete_all(self, obj: Object) -> Object:
        """DELETE the collection that `obj` is in."""
        return self._send("DELETE", path_of(obj, named=False))

    def post_to(self, obj: Object, part: str, body: Object | None = None, **query: str) -> Object:
        """POST to a subresource: a token, a binding; without a body, as `kubectl exec` begins."""
        return self._send("POST", path_of(obj, part), body, **query)

    def may(self, verb: str, group: str, resource: str, namespace: str) -> bool:
        """Whether RBAC lets this user do so."""
        review = {
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SelfSubjectAccessReview",
            "spec": {
                "resourceAttributes": {"verb": verb, "group": group, "resource": resource, "namespace": namespace},
            },
        }
        path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
        allowed: bool = self._send("POST", path, review)["status"]["allowed"]
        return allowed

    def _send(
        self, method: str, path: str, body: object = None, *, content_type: str = "application/json", **query: str
    ) -> Object:
        headers = urllib3.HTTPHeaderDict(self.headers)
        headers["Content-Type"] = content_type
        headers["Accept"] = "application/json"
        for group in self.group_headers:
            headers.add("Impersonate-Group", group)
        url = f"{self.server}{path}" + (f"?{urlencode(query)}" if query else "")
        answer = self.pool.request(
            method, url, body=None if body is None else json.dumps(body), headers=headers, retries=False, timeout=30
        )
        try:
            answered: Object = json.loads(answer.data)
        except ValueError:
            answered = {"message": answer.data.decode(errors="replace")}
        if answer.status >= 300:
            raise RefusedError(answer.status, answered.get("message", ""))
        return answered


def path_of(obj: Object, part: str = "", *, named: bool = True) -> str:
    """The path of an object, of a subresource of it, or of the collection that it is in."""
    version, kind, metadata = obj["apiVersion"], obj["kind"], obj["metadata"]
    path = f"/apis/{version}" if "/" in version else f"/api/{version}"
    if "namespace" in metadata:
        path += f"/namespaces/{metadata['namespace']}"
    path += f"/{plural_of(kind)}"
    if named:
        path += f"/{quote(metadata['name'])}"
    return f"{path}/{part}" if part else path


def plural_of(kind: str) -> str:
    """The resource that a kind is served under."""
    lower = kind.lower()
    return lower[:-1] + "ies" if lower.endswith("y") else lower + "s"
