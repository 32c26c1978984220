"""What image archives hold."""

import hashlib
import io
import json
import tarfile
from pathlib import Path

import pytest

from localcluster import oci_archive
from localcluster.errors import ClusterError
from localcluster.images import inspect, is_full_name, names_in

NAME = "localhost/modelreuse/worker:dev"


def test_an_archive_tells_its_image_names_and_a_digest(tmp_path: Path) -> None:
    oci_archive.write(tmp_path / "a.tar", NAME, {"a": b"1"}, ["/a"])
    oci_archive.write(tmp_path / "b.tar", NAME, {"a": b"2"}, ["/a"])
    (name,), digest = inspect(tmp_path / "a.tar")
    assert name == NAME
    assert digest != inspect(tmp_path / "b.tar")[1]


def test_packing_the_same_files_gives_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a.tar", "b.tar"):
        oci_archive.write(tmp_path / name, NAME, {"a": b"1"}, ["/a"])
    assert (tmp_path / "a.tar").read_bytes() == (tmp_path / "b.tar").read_bytes()


def test_every_blob_is_named_by_its_content(tmp_path: Path) -> None:
    oci_archive.write(tmp_path / "a.tar", NAME, {"pause": b"binary"}, ["/pause"])
    with tarfile.open(tmp_path / "a.tar") as tar:
        blobs = {member.name: tar.extractfile(member) for member in tar if member.name.startswith("blobs/sha256/")}
        assert len(blobs) == 3
        for name, file in blobs.items():
            assert file is not None
            assert name == f"blobs/sha256/{hashlib.sha256(file.read()).hexdigest()}"


def test_docker_archives_name_their_images_too() -> None:
    assert names_in("manifest.json", [{"RepoTags": [NAME]}, {"RepoTags": None}]) == [NAME]


@pytest.mark.parametrize("name", ["localhost/a:1", "registry.example.org/a/b:1", "host:5000/a@sha256:0"])
def test_a_full_name_has_a_host_and_a_tag(name: str) -> None:
    assert is_full_name(name)


@pytest.mark.parametrize("name", ["worker:dev", "modelreuse/worker:dev", "localhost/worker", "dev"])
def test_a_name_by_which_no_kubelet_finds_the_image_is_refused_helpfully(tmp_path: Path, name: str) -> None:
    oci_archive.write(tmp_path / "a.tar", name, {}, ["/a"])
    with pytest.raises(ClusterError, match="expected one like localhost/modelreuse/worker:dev"):
        inspect(tmp_path / "a.tar")


def test_a_file_that_is_no_archive_is_named(tmp_path: Path) -> None:
    (tmp_path / "x.tar").write_text("not a tar")
    with pytest.raises(ClusterError, match=r"x\.tar"):
        inspect(tmp_path / "x.tar")


def test_a_tar_that_is_no_image_is_refused(tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "x.tar", "w") as tar:
        tar.addfile(tarfile.TarInfo("README"), io.BytesIO())
    with pytest.raises(ClusterError, match="neither an OCI nor a Docker image"):
        inspect(tmp_path / "x.tar")


def test_an_image_without_a_name_is_refused(tmp_path: Path) -> None:
    content = json.dumps({"manifests": [{}]}).encode()
    with tarfile.open(tmp_path / "x.tar", "w") as tar:
        member = tarfile.TarInfo("index.json")
        member.size = len(content)
        tar.addfile(member, io.BytesIO(content))
    with pytest.raises(ClusterError, match="has a name"):
        inspect(tmp_path / "x.tar")
