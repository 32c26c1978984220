"""Dependencies come from the lock alone."""

import stat
from pathlib import Path

import pytest

from images.definitions import OPERATOR, WORKER
from images.dependencies import exported
from images.errors import ImagesError


def uv_that(folder: Path, script: str) -> Path:
    uv = folder / "uv"
    uv.write_text(f"#!/bin/sh\n{script}\n")
    uv.chmod(uv.stat().st_mode | stat.S_IXUSR)
    return uv


def test_the_worker_gets_its_extra_and_the_operator_does_not(tmp_path: Path) -> None:
    uv = uv_that(tmp_path, 'echo "$@"')
    assert "--extra worker" in exported(WORKER, uv, own_torch=False)
    assert "--extra" not in exported(OPERATOR, uv, own_torch=False)


def test_the_lock_is_never_changed(tmp_path: Path) -> None:
    assert "--frozen" in exported(WORKER, uv_that(tmp_path, 'echo "$@"'), own_torch=False).split()


def test_torch_from_an_index_of_its_own_is_left_out(tmp_path: Path) -> None:
    uv = uv_that(tmp_path, 'echo "$@"')
    assert "--prune torch" in exported(WORKER, uv, own_torch=True)
    assert "--prune torch" not in exported(WORKER, uv, own_torch=False)


def test_what_uv_complains_about_is_said(tmp_path: Path) -> None:
    uv = uv_that(tmp_path, "echo 'the lock is older than the project' >&2; exit 2")
    with pytest.raises(ImagesError, match="the lock is older than the project"):
        exported(WORKER, uv, own_torch=False)
