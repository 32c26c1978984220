"""What is read is what was hashed, however large it is and however often it is read."""

import gc
import hashlib
import io
import os
import subprocess
from contextlib import contextmanager
from types import SimpleNamespace

import pytest

from modelreuse.worker import Places, schemes
from modelreuse.worker import staged as staged_module
from modelreuse.worker.errors import TaskError
from modelreuse.worker.schemes.storage import RemoteFile, unreachable
from modelreuse.worker.staged import BLOCK_BYTES, stage

FIELD = "spec.data.new.uri"
URI = "pvc://data/x.bin"
FOLDER = "pvc://data/set/"
BIG = bytes(range(256)) * (BLOCK_BYTES // 256) * 2 + b"the end"


@pytest.fixture
def file(places):
    path = places.claim("data") / "x.bin"
    path.write_bytes(BIG)
    return path


@pytest.fixture
def folder(places):
    root = places.claim("data") / "set"
    for name in ("b/2.txt", "b/1.txt", "a.txt", ".hidden/x", "b/.x", "B/3.txt"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(name)
    return root


def everything(_: str) -> bool:
    return True


def test_a_file_is_read_as_it_was_hashed(file, places):
    staged = stage(URI, FIELD, places)

    assert staged.sha256 == "sha256:" + hashlib.sha256(BIG).hexdigest()
    assert staged.read(staged.only) == BIG


def test_any_part_of_it_can_be_read(file, places):
    staged = stage(URI, FIELD, places)

    with staged.open(staged.only) as stream:
        for start, count in ((BLOCK_BYTES - 3, 7), (0, 1), (2 * BLOCK_BYTES, 100), (len(BIG), 1)):
            stream.seek(start)
            assert stream.read(count) == BIG[start : start + count]
        stream.seek(-7, os.SEEK_END)
        assert stream.read() == b"the end"


@pytest.mark.parametrize("position", [0, BLOCK_BYTES, len(BIG) - 1])
def test_a_byte_that_changed_is_never_given(file, places, position):
    staged = stage(URI, FIELD, places)
    with file.open("r+b") as stream:
        stream.seek(position)
        stream.write(b"!")

    with pytest.raises(TaskError) as refusal:
        staged.read(staged.only)

    assert (refusal.value.reason, refusal.value.retryable) == ("DataChanged", True)
    assert str(refusal.value).startswith("spec.data.new.uri: 'pvc://data/x.bin': changed while it was read")


@pytest.mark.parametrize("change", [lambda p: p.write_bytes(BIG[:-1]), lambda p: p.unlink()])
def test_a_file_that_shrank_or_went_has_changed(file, places, change):
    staged = stage(URI, FIELD, places)
    change(file)

    with pytest.raises(TaskError) as refusal:
        staged.read(staged.only)

    assert refusal.value.reason == "DataChanged"


def test_what_was_added_later_is_not_read(file, places):
    staged = stage(URI, FIELD, places)
    with file.open("ab") as stream:
        stream.write(b"more")

    assert staged.read(staged.only) == BIG


def test_a_folder_holds_its_files_in_the_order_of_their_bytes(folder, places):
    staged = stage(FOLDER, FIELD, places, wanted=everything)

    assert list(staged.files) == ["B/3.txt", "a.txt", "b/1.txt", "b/2.txt"]
    assert staged.read("b/1.txt") == b"b/1.txt"


def test_the_hash_of_a_folder_is_what_sha256sum_makes_of_it(folder, places):
    listing = subprocess.run(
        "find . -type f -not -path '*/.*' -printf '%P\\n' | LC_ALL=C sort | xargs sha256sum",
        shell=True, cwd=folder, capture_output=True, check=True,
    ).stdout  # fmt: skip

    staged = stage(FOLDER, FIELD, places, wanted=everything)

    assert staged.sha256 == "sha256:" + hashlib.sha256(listing).hexdigest()


def test_only_wanted_files_count(folder, places):
    assert list(stage(FOLDER, FIELD, places, wanted=lambda name: name == "a.txt").files) == ["a.txt"]


def test_a_link_inside_the_claim_is_followed(folder, places):
    (folder / "c").symlink_to("b")

    assert "c/1.txt" in stage(FOLDER, FIELD, places, wanted=everything).files


def test_a_link_out_of_the_claim_is_refused(folder, places, tmp_path):
    (tmp_path / "secret").write_text("s")
    (folder / "c").symlink_to(tmp_path / "secret")

    with pytest.raises(TaskError, match="by a link"):
        stage(FOLDER, FIELD, places, wanted=everything)


def test_a_link_in_a_circle_ends(folder, places):
    (folder / "b/again").symlink_to("..")

    with pytest.raises(TaskError) as refusal:
        stage(FOLDER, FIELD, places, wanted=everything)

    assert refusal.value.reason in {"TooManyFiles", "StorageFailed"}


def test_a_pipe_in_a_folder_is_refused_and_not_waited_for(folder, places):
    os.mkfifo(folder / "pipe")

    with pytest.raises(TaskError, match="no regular file"):
        stage(FOLDER, FIELD, places, wanted=everything)


def test_a_missing_folder_is_no_empty_one(places):
    with pytest.raises(TaskError) as refusal:
        stage("pvc://data/nothing/", FIELD, places, wanted=everything)

    assert refusal.value.reason == "FileNotFound"


@pytest.mark.parametrize("name", ["a\nb", "a\rb", "a\\b"])
def test_a_name_that_could_forge_the_listing_is_refused(folder, places, name):
    (folder / name).write_text("x")

    with pytest.raises(TaskError, match=r"holds a file called .* rename it"):
        stage(FOLDER, FIELD, places, wanted=everything)


class Lying:
    """A storage with what no storage should hold."""

    def __init__(self, names=(), data=b"x", size=1):
        self.names, self.data, self.declared = names, data, size

    def files(self, folder):
        return iter(RemoteFile(name, self.declared) for name in self.names)

    def size(self, path):
        return self.declared

    @contextmanager
    def open(self, path, size=None):
        yield io.BytesIO(self.data)


@pytest.fixture
def elsewhere(monkeypatch, tmp_path):
    """Makes s3:// a storage of this test, and a scratch folder of a mebibyte."""
    scratch = tmp_path / "scratch"
    scratch.mkdir()

    def make(storage):
        monkeypatch.setitem(schemes.STORAGES, "s3", lambda: storage)
        return Places(scratch=scratch, scratch_limit=2**20)

    return make


@pytest.mark.parametrize("name", ["../x", "a/../../x", "/etc/x", "a//b", "a/./b", "a\nb", "a\\b", "a\0b"])
def test_a_key_that_would_lead_out_of_the_scratch_folder_is_refused(elsewhere, tmp_path, name):
    places = elsewhere(Lying([name]))

    with pytest.raises(TaskError) as refusal:
        stage("s3://bucket/set/", FIELD, places, wanted=everything)

    assert refusal.value.reason == "PathEscapes"
    assert list(places.scratch.iterdir()) == []


def test_keys_that_are_file_and_folder_at_once_are_told(elsewhere):
    places = elsewhere(Lying(["a", "a/b"]))

    with pytest.raises(TaskError) as refusal:
        stage("s3://bucket/set/", FIELD, places, wanted=everything)

    assert refusal.value.reason == "ScratchFull"
    assert list(places.scratch.iterdir()) == []


@pytest.mark.parametrize("declared", [1, None, 2**21])
def test_a_storage_that_sends_more_than_the_limit_is_cut_short(elsewhere, declared):
    places = elsewhere(Lying(data=b"\0" * (2**20 + 1), size=declared))

    with pytest.raises(TaskError) as refusal:
        stage("s3://bucket/x.npz", FIELD, places)

    assert refusal.value.reason == "ScratchFull"
    assert list(places.scratch.iterdir()) == []


def test_many_files_are_cut_short_where_together_they_send_more_than_they_declared(elsewhere):
    places = elsewhere(Lying([f"{number}" for number in range(8)], data=b"\0" * 2**18, size=1))

    with pytest.raises(TaskError, match="more than 1048576 bytes; at most 1048576 are downloaded, unless"):
        stage("s3://bucket/set/", FIELD, places, wanted=everything)

    assert list(places.scratch.iterdir()) == []


def test_downloads_share_the_limit_while_they_are_held(elsewhere):
    places = elsewhere(Lying(data=b"\0" * 700_000, size=700_000))
    held = stage("s3://bucket/reference.npz", FIELD, places)

    with pytest.raises(
        TaskError, match="700000 bytes; at most 1048576 are downloaded, of which other downloads take 7"
    ):
        stage("s3://bucket/new.npz", FIELD, places)
    assert stage("s3://bucket/evaluation.npz", FIELD, places, keep=False).sha256 == held.sha256

    del held
    gc.collect()
    assert stage("s3://bucket/new.npz", FIELD, places).sha256


def test_an_attempt_that_broke_off_takes_no_room_from_the_next(elsewhere, monkeypatch):
    class Breaking(Lying):
        attempts = 0

        @contextmanager
        def open(self, path, size=None):
            self.attempts += 1
            yield io.BytesIO(self.data) if self.attempts > 1 else BreaksOff(self.data)

    class BreaksOff(io.BytesIO):
        def read(self, size=-1):
            if self.tell():
                raise unreachable("reset")
            return super().read(size)

    monkeypatch.setattr("modelreuse.worker.schemes.storage.PAUSES", (0,))
    places = elsewhere(Breaking(data=b"\0" * 700_000, size=700_000))

    assert stage("s3://bucket/x.npz", FIELD, places).sha256


def test_more_than_the_volume_has_is_not_begun(elsewhere, monkeypatch):
    places = elsewhere(Lying(size=1000))
    monkeypatch.setattr(staged_module.shutil, "disk_usage", lambda _: SimpleNamespace(free=999))

    with pytest.raises(TaskError, match="1000 bytes, but the worker's scratch volume has 999 left"):
        stage("s3://bucket/x.npz", FIELD, places)
