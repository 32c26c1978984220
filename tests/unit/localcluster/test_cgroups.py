"""Where cgroups are mounted, for either version."""

from pathlib import Path

from localcluster.cgroups import hierarchies


def test_version_2_has_one_hierarchy(tmp_path: Path) -> None:
    for name in ("cgroup.controllers", "cgroup.procs"):
        (tmp_path / name).touch()
    assert hierarchies(tmp_path) == [tmp_path]


def test_version_1_has_one_hierarchy_per_controller_and_links_do_not_count(tmp_path: Path) -> None:
    for name in ("cpu", "memory"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "cgroup.procs").touch()
    (tmp_path / "cpu,cpuacct").symlink_to("cpu")
    (tmp_path / "empty").mkdir()
    assert hierarchies(tmp_path) == [tmp_path / "cpu", tmp_path / "memory"]
