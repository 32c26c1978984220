"""What is hashed is what is parsed, and what can't be read is told as what it is."""

import errno
import hashlib
import os

import pytest

from modelreuse.worker.content import read
from modelreuse.worker.errors import TaskError, from_unexpected, storage_error

FIELD = "spec.data.new.uri"
URI = "pvc://data/x.npz"


@pytest.fixture
def file(places):
    path = places.claim("data") / "x.npz"
    path.write_bytes(b"abc")
    return path


def test_the_hash_is_that_of_the_bytes(file, places):
    content = read(URI, FIELD, places)

    assert content.data == b"abc"
    assert content.sha256 == "sha256:" + hashlib.sha256(b"abc").hexdigest()


def test_a_missing_file_will_not_heal(places):
    with pytest.raises(TaskError) as refusal:
        read(URI, FIELD, places)

    assert (refusal.value.reason, refusal.value.retryable) == ("FileNotFound", False)
    assert str(refusal.value) == "spec.data.new.uri: 'pvc://data/x.npz': no such file"


def test_a_folder_is_no_file(file, places):
    file.unlink()
    file.mkdir()

    with pytest.raises(TaskError, match="is a folder"):
        read(URI, FIELD, places)


def test_a_named_pipe_is_refused_and_not_waited_for(file, places):
    file.unlink()
    os.mkfifo(file)

    with pytest.raises(TaskError, match="no regular file"):
        read(URI, FIELD, places)


def test_a_file_beyond_the_limit_is_not_read(file, places):
    with pytest.raises(TaskError, match="3 bytes; at most 2 are read"):
        read(URI, FIELD, places, limit=2)


@pytest.mark.parametrize("number", [errno.EIO, errno.ESTALE, errno.ETIMEDOUT])
def test_a_storage_that_does_not_answer_may_heal(number):
    error = storage_error(OSError(number, "x"), FIELD, URI)

    assert (error.reason, error.retryable) == ("StorageFailed", True)
    assert errno.errorcode[number] in str(error)


@pytest.mark.parametrize(("number", "reason"), [(errno.EACCES, "NotReadable"), (errno.ENOSPC, "StorageFailed")])
def test_other_errors_of_storage_do_not(number, reason):
    error = storage_error(OSError(number, "x"), FIELD, URI)

    assert (error.reason, error.retryable) == (reason, False)


def test_lack_of_memory_may_heal():
    assert from_unexpected(MemoryError(), "spec").as_field_error().retryable


def test_an_unexpected_error_is_told_without_what_it_says(caplog):
    error = from_unexpected(KeyError("secret value"), "spec")

    assert str(error) == "spec: the worker failed unexpectedly (KeyError); its log holds the details"
    assert "secret" in caplog.text


def test_a_sentence_is_one_line_whatever_a_name_holds(places):
    with pytest.raises(TaskError) as refusal:
        read("pvc://data/a\nb\x1b[31m", FIELD, places)

    assert str(refusal.value).isprintable()
