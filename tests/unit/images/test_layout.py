"""The layout knows what an image needs, and moves nothing that is there already."""

import hashlib
import json
import tarfile
from pathlib import Path

import pytest

from images.delivery import Given
from images.layout import Layout, stale_names


class Shelf:
    """A layout to which a test adds images."""

    def __init__(self, folder: Path) -> None:
        self.layout = Layout(folder)
        self.layout.prepare()
        (folder / "blobs" / "sha256").mkdir(parents=True)
        (folder / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')
        self.entries: list[dict[str, object]] = []

    def blob(self, content: bytes) -> str:
        digest = hashlib.sha256(content).hexdigest()
        (self.layout.folder / "blobs" / "sha256" / digest).write_bytes(content)
        return f"sha256:{digest}"

    def add(self, name: str, *layers: bytes) -> list[str]:
        """Returns digests: layers, configuration, manifest."""
        digests = [self.blob(layer) for layer in layers]
        config = self.blob(name.encode())
        manifest = self.blob(
            json.dumps({"config": {"digest": config}, "layers": [{"digest": d} for d in digests]}).encode()
        )
        self.entries.append({"digest": manifest, "annotations": {"org.opencontainers.image.ref.name": name}})
        (self.layout.folder / "index.json").write_text(json.dumps({"schemaVersion": 2, "manifests": self.entries}))
        return [*digests, config, manifest]


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    return Shelf(tmp_path / "layout")


def names_in(archive: Path) -> set[str]:
    with tarfile.open(archive) as tar:
        return {member.name for member in tar}


def test_an_empty_layout_has_no_images(tmp_path: Path) -> None:
    assert Layout(tmp_path).manifests() == {}


def test_an_image_needs_its_layers_its_configuration_and_its_manifest(shelf: Shelf) -> None:
    digests = shelf.add("localhost/a:1", b"base", b"code")
    assert shelf.layout.blobs("localhost/a:1") == digests
    assert shelf.layout.size(digests[:2]) == 8


def test_an_archive_lacks_what_the_receiver_has(shelf: Shelf, tmp_path: Path) -> None:
    base, code, config, manifest = shelf.add("localhost/a:1", b"base", b"code")
    with (tmp_path / "a.tar").open("wb") as stream:
        shelf.layout.write_archive("localhost/a:1", stream, {base})
    blobs = {f"blobs/{digest.replace(':', '/')}" for digest in (code, config, manifest)}
    assert names_in(tmp_path / "a.tar") == {"oci-layout", "index.json", *blobs}


def test_an_archive_names_its_one_image_as_containerd_reads_it(shelf: Shelf, tmp_path: Path) -> None:
    shelf.add("localhost/a:1", b"base")
    shelf.add("localhost/b:1", b"base")
    with (tmp_path / "b.tar").open("wb") as stream:
        shelf.layout.write_archive("localhost/b:1", stream, set())
    with tarfile.open(tmp_path / "b.tar") as tar:
        index = json.load(tar.extractfile("index.json"))  # type: ignore[arg-type]
    assert [entry["annotations"]["io.containerd.image.name"] for entry in index["manifests"]] == ["localhost/b:1"]


def test_older_builds_go_with_the_blobs_that_only_they_needed(shelf: Shelf) -> None:
    base, old, *_ = shelf.add("localhost/a:1", b"base", b"old code")
    kept = shelf.add("localhost/a:2", b"base", b"new code")
    shelf.layout.keep(["localhost/a:2"])
    assert set(shelf.layout.manifests()) == {"localhost/a:2"}
    left = {f"sha256:{path.name}" for path in (shelf.layout.folder / "blobs" / "sha256").iterdir()}
    assert left == set(kept)
    assert base in left
    assert old not in left


def test_images_of_other_repositories_stay(shelf: Shelf) -> None:
    shelf.add("localhost/a:1", b"base")
    shelf.add("localhost/b:1", b"base")
    shelf.layout.keep(["localhost/a:1"])
    assert set(shelf.layout.manifests()) == {"localhost/a:1", "localhost/b:1"}


def test_stale_is_another_build_of_the_same_repository_and_nothing_else() -> None:
    stored = ["localhost/a:1", "localhost/a:2", "localhost/b:1", "localhost:5000/a:1"]
    assert stale_names(stored, {"localhost/a:2"}) == ["localhost/a:1"]


def test_what_a_cluster_was_given_is_remembered(tmp_path: Path) -> None:
    given = Given(tmp_path / "given.json")
    assert given.blobs() == set()
    given.add(["sha256:a"])
    given.add(["sha256:b", "sha256:a"])
    assert given.blobs() == {"sha256:a", "sha256:b"}
