"""Which processes are ours, judged by what /proc says."""

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from localcluster import processes
from localcluster.errors import ClusterError

STAT = "4242 (a name) with) parens) S 1 4242 4242 0 -1 4194304 0 0 0 0 0 0 0 0 20 0 1 0 987654 0 0"
SLEEP = [sys.executable, "-c", "import time; time.sleep(600)"]


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path
    processes.end_all(tmp_path)


def test_the_start_time_is_found_behind_any_command_name() -> None:
    assert processes.start_time(STAT) == 987654


def test_a_zombie_has_ended() -> None:
    assert processes.is_zombie(STAT.replace(" S ", " Z "))
    assert not processes.is_zombie(STAT)


def test_a_process_belongs_to_the_cluster_that_its_environment_names(tmp_path: Path) -> None:
    environ = f"PATH=/bin\0{processes.MARKER}={tmp_path}\0HOME=/".encode()
    assert processes.is_marked(environ, tmp_path)


def test_a_cluster_whose_name_begins_with_ours_is_another_one(tmp_path: Path) -> None:
    environ = f"{processes.MARKER}={tmp_path}-2\0".encode()
    assert not processes.is_marked(environ, tmp_path)


def test_a_started_server_lives_apart_from_its_launcher(cluster: Path) -> None:
    server = processes.start("sleeper", SLEEP, cluster)
    assert processes.is_alive(server)
    assert os.getsid(server.pid) == server.pid
    assert Path(f"/proc/{server.pid}/fd/0").readlink() == Path("/dev/null")
    assert processes.recorded(cluster) == [server]


def test_a_reused_process_id_is_not_our_server(cluster: Path) -> None:
    server = processes.start("sleeper", SLEEP, cluster)
    assert not processes.is_alive(replace(server, started=server.started - 1))


def test_a_server_whose_record_is_lost_is_ended_all_the_same(cluster: Path) -> None:
    server = processes.start("sleeper", SLEEP, cluster)
    (cluster / "processes" / "sleeper.json").unlink()
    assert processes.end_all(cluster) == 1
    assert not processes.is_alive(server)


def test_a_process_without_our_mark_survives_even_if_a_record_names_it(cluster: Path) -> None:
    with subprocess.Popen(SLEEP) as stranger:
        record = cluster / "processes" / "stranger.json"
        record.parent.mkdir()
        record.write_text(f'{{"name": "stranger", "pid": {stranger.pid}, "started": 1}}')
        ended = processes.end_all(cluster)
        still_there = stranger.poll() is None
        stranger.kill()
    assert ended == 0
    assert still_there


def test_a_process_id_that_was_reused_since_it_was_listed_is_not_hit(
    cluster: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with subprocess.Popen(SLEEP) as stranger:
        listings = iter([[stranger.pid], []])
        with monkeypatch.context() as patched:
            patched.setattr(processes, "belonging_to", lambda _: next(listings))
            ended = processes.end_all(cluster)
        still_there = stranger.poll() is None
        stranger.kill()
    assert ended == 0
    assert still_there


def test_ending_nothing_is_no_error(cluster: Path) -> None:
    assert processes.end_all(cluster) == 0


def test_a_server_that_dies_is_reported_with_the_end_of_its_log(cluster: Path) -> None:
    script = "print('\\n'.join(f'line {n}' for n in range(100)))"
    server = processes.start("chatty", [sys.executable, "-c", script], cluster)
    os.waitpid(server.pid, 0)
    with pytest.raises(ClusterError, match="chatty died while starting") as caught:
        processes.require_alive([server], cluster)
    lines = str(caught.value).splitlines()[1:]
    assert lines == [f"line {n}" for n in range(80, 100)]
