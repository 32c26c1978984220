"""Google Cloud Storage's JSON API, as far as reading, listing and uploading objects needs it.

Written from the published discovery document (storage v1: objects.get, objects.list, objects.insert, media download at
/download/storage/v1). Real Google can't run here; the client library is the real one.
"""

import base64
import hashlib
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import parse_qs, unquote, urlsplit

from storage.serving import QuietHandler, served

_OBJECT = re.compile(r"(?:/download)?/storage/v1/b/([^/]+)/o/(.+)")
_OBJECTS = re.compile(r"/(?:upload/)?storage/v1/b/([^/]+)/o")


@dataclass
class FakeGcs:
    """Buckets of objects. trouble: statuses that the next requests get instead of an answer."""

    buckets: dict[str, dict[str, bytes]] = field(default_factory=dict)
    private: set[str] = field(default_factory=set)
    trouble: list[int] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    endpoint: str = ""


@contextmanager
def fake_gcs() -> Iterator[FakeGcs]:
    """Serves on a free port; STORAGE_EMULATOR_HOST should be `endpoint`."""
    fake = FakeGcs()

    class Handler(QuietHandler):
        def do_GET(self) -> None:  # noqa: N802
            self._answered(self._get)

        def do_POST(self) -> None:  # noqa: N802
            self._answered(self._post)

        def _answered(self, respond) -> None:
            self.body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            fake.requests.append(f"{self.command} {self.path}")
            parts = urlsplit(self.path)
            if fake.trouble:
                self._error(fake.trouble.pop(0), "trouble")
                return
            found = _OBJECT.fullmatch(parts.path) or _OBJECTS.fullmatch(parts.path)
            if found is None:
                self._error(404, "Not Found")
                return
            bucket = unquote(found[1])
            if bucket in fake.private:
                self._error(403, "caller does not have storage.objects.get access")
            elif bucket not in fake.buckets:
                self._error(404, "The specified bucket does not exist.")
            else:
                name = unquote(found[2]) if found.re is _OBJECT else None
                respond(bucket, name, {key: values[0] for key, values in parse_qs(parts.query).items()})

        def _get(self, bucket: str, name: str | None, query: dict[str, str]) -> None:
            objects = fake.buckets[bucket]
            if name is None:
                self._list(bucket, query.get("prefix", ""), query.get("delimiter"))
            elif name not in objects:
                self._error(404, f"No such object: {bucket}/{name}")
            elif query.get("alt") == "media":
                self.file(objects[name], Content_Type="application/octet-stream")
            else:
                self._json(resource(bucket, name, objects[name]))

        def _list(self, bucket: str, prefix: str, delimiter: str | None) -> None:
            items, prefixes = [], set()
            for name, data in sorted(fake.buckets[bucket].items()):
                if not name.startswith(prefix):
                    continue
                rest = name.removeprefix(prefix)
                if delimiter and delimiter in rest:
                    prefixes.add(prefix + rest.partition(delimiter)[0] + delimiter)
                else:
                    items.append(resource(bucket, name, data))
            self._json({"kind": "storage#objects", "items": items, "prefixes": sorted(prefixes)})

        def _post(self, bucket: str, name: str | None, query: dict[str, str]) -> None:
            boundary = re.search(r'boundary="?=*([^";]+)', self.headers["Content-Type"])
            if query.get("uploadType") != "multipart" or boundary is None:
                self._error(400, "only multipart uploads here")
                return
            mark = re.search(r'boundary="?([^";]+)', self.headers["Content-Type"])[1].encode()
            _, metadata, media, _ = self.body.split(b"--" + mark)
            described = json.loads(metadata.partition(b"\n\n")[2] or metadata.partition(b"\r\n\r\n")[2])
            data = media.partition(b"\n\n")[2] or media.partition(b"\r\n\r\n")[2]
            fake.buckets[bucket][described["name"]] = data.removesuffix(b"\n").removesuffix(b"\r")
            self._json(resource(bucket, described["name"], fake.buckets[bucket][described["name"]]))

        def _json(self, body: dict[str, object], status: int = 200) -> None:
            self.answer(status, json.dumps(body).encode(), Content_Type="application/json; charset=UTF-8")

        def _error(self, status: int, message: str) -> None:
            self._json({"error": {"code": status, "message": message, "errors": [{"message": message}]}}, status)

    with served(Handler) as port:
        fake.endpoint = f"http://127.0.0.1:{port}"
        yield fake


def resource(bucket: str, name: str, data: bytes) -> dict[str, object]:
    """An object's metadata."""
    return {
        "kind": "storage#object",
        "id": f"{bucket}/{name}/1",
        "name": name,
        "bucket": bucket,
        "generation": "1",
        "metageneration": "1",
        "contentType": "application/octet-stream",
        "storageClass": "STANDARD",
        "size": str(len(data)),
        "md5Hash": base64.b64encode(hashlib.md5(data, usedforsecurity=False).digest()).decode(),
        "etag": "CAE=",
        "timeCreated": "2026-01-01T00:00:00.000Z",
        "updated": "2026-01-01T00:00:00.000Z",
    }
