"""The Hugging Face Hub's HTTP API, as far as listing and reading repositories needs it.

Written from the hub's published OpenAPI document (/api/{models,datasets}/{owner}/{name}, .../revision, .../tree,
.../paths-info, and /resolve). The real hub can't be reached from here; the client library is the real one.
"""

import hashlib
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import parse_qs, unquote, urlsplit

from storage.serving import QuietHandler, served

COMMIT = "0123456789abcdef0123456789abcdef01234567"
_API = re.compile(r"/api/(models|datasets)/([^/]+/[^/]+)(?:/(revision|tree|paths-info)/([^/]+)(?:/(.*))?)?")
_RESOLVE = re.compile(r"/(datasets/)?([^/]+/[^/]+)/resolve/([^/]+)/(.+)")


@dataclass
class FakeHub:
    """Repositories of files: `owner/name`, or `datasets/owner/name`. gated: need a token; trouble: next statuses."""

    repositories: dict[str, dict[str, bytes]] = field(default_factory=dict)
    gated: set[str] = field(default_factory=set)
    trouble: list[int] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    tokens: list[str | None] = field(default_factory=list)
    endpoint: str = ""


@contextmanager
def fake_hub() -> Iterator[FakeHub]:
    """Serves on a free port; HF_ENDPOINT should be `endpoint`."""
    fake = FakeHub()

    class Handler(QuietHandler):
        def do_GET(self) -> None:  # noqa: N802
            self._answered()

        do_HEAD = do_GET  # noqa: N815
        do_POST = do_GET  # noqa: N815

        def _answered(self) -> None:
            self.body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            fake.requests.append(f"{self.command} {self.path}")
            fake.tokens.append(self.headers.get("Authorization"))
            if fake.trouble:
                self.answer(fake.trouble.pop(0))
                return
            parts = urlsplit(self.path)
            path = unquote(parts.path)
            if found := _RESOLVE.fullmatch(path):
                self._file((found[1] or "") + found[2], found[3], found[4])
            elif found := _API.fullmatch(path):
                kind = "datasets/" if found[1] == "datasets" else ""
                query = {key: values[0] for key, values in parse_qs(parts.query).items()}
                self._api(kind + found[2], found[3], found[4], found[5] or "", query)
            else:
                self.answer(404)

        def _refused(self, repository: str, revision: str | None) -> bool:
            if repository in fake.gated:
                self._error(403, "GatedRepo", "Access to this repository is restricted")
            elif repository not in fake.repositories:
                self._error(401, "RepoNotFound", "Repository not found")
            elif revision not in {None, "main", COMMIT}:
                self._error(404, "RevisionNotFound", f"Invalid rev id: {revision}")
            else:
                return False
            return True

        def _api(self, repository: str, what: str | None, revision: str | None, path: str, query: dict) -> None:
            if self._refused(repository, revision):
                return
            files = fake.repositories[repository]
            if what == "tree":
                self._json(_tree(files, path, recursive=query.get("recursive", "").lower() == "true"))
            elif what == "paths-info":
                wanted = parse_qs(self.body.decode()).get("paths") or json.loads(self.body or "{}").get("paths", [])
                entries = {entry["path"]: entry for entry in _tree(files, "", recursive=True)}
                self._json([entries[each] for each in wanted if each in entries])
            else:
                name = repository.removeprefix("datasets/")
                self._json({"id": name, "sha": COMMIT, "private": False, "siblings": [{"rfilename": f} for f in files]})

        def _file(self, repository: str, revision: str, path: str) -> None:
            if self._refused(repository, revision):
                return
            data = fake.repositories[repository].get(path)
            if data is None:
                self._error(404, "EntryNotFound", "Entry not found")
                return
            etag = hashlib.sha1(data, usedforsecurity=False).hexdigest()
            self.file(data, X_Repo_Commit=COMMIT, ETag=f'"{etag}"', Accept_Ranges="bytes")

        def _json(self, body: object) -> None:
            self.answer(200, json.dumps(body).encode(), Content_Type="application/json", X_Repo_Commit=COMMIT)

        def _error(self, status: int, code: str, message: str) -> None:
            self.answer(status, json.dumps({"error": message}).encode(), X_Error_Code=code, X_Error_Message=message)

    with served(Handler) as port:
        fake.endpoint = f"http://127.0.0.1:{port}"
        yield fake


def _tree(files: dict[str, bytes], path: str, *, recursive: bool) -> list[dict[str, object]]:
    below = f"{path.strip('/')}/" if path.strip("/") else ""
    found: dict[str, dict[str, object]] = {}
    for name, data in sorted(files.items()):
        if not name.startswith(below):
            continue
        parts = name.removeprefix(below).split("/")
        for depth in range(1, len(parts)):
            folder = below + "/".join(parts[:depth])
            if recursive or depth == 1:
                found[folder] = {"type": "directory", "path": folder, "size": 0, "oid": "0" * 40}
        if recursive or len(parts) == 1:
            oid = hashlib.sha1(data, usedforsecurity=False).hexdigest()
            found[name] = {"type": "file", "path": name, "size": len(data), "oid": oid}
    return list(found.values())
