"""The container's quota counts, where there is one."""

import os

import pytest

from modelreuse.worker.cores import available_cores

AFFINE = len(os.sched_getaffinity(0))


@pytest.mark.parametrize(
    ("quota", "cores"),
    [("100000 100000", 1), ("50000 100000", 1), ("6400000 100000", AFFINE), ("max 100000", AFFINE), ("", AFFINE)],
)
def test_cores_are_those_of_the_quota(tmp_path, quota, cores):
    (tmp_path / "cpu.max").write_text(quota)

    assert available_cores(tmp_path) == cores


def test_without_a_quota_all_cores_count(tmp_path):
    assert available_cores(tmp_path / "none") == AFFINE
