"""Long commands show that they live, and say why they failed."""

import sys
import threading
from pathlib import Path

import pytest

from images import progress
from images.errors import ImagesError


def test_a_long_command_shows_its_last_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "_EVERY_SECONDS", 0.05)
    told: list[str] = []
    script = "import sys, time; print('step 2 of 9', flush=True); sys.stdin.read(); time.sleep(0.6)"
    progress.run("building", [sys.executable, "-c", script], tmp_path / "log", tell=told.append)
    assert told[0] == "building ..."
    assert any(line.endswith("s: step 2 of 9") for line in told[1:-1])
    assert told[-1].startswith("building: done in ")


def test_a_failure_carries_the_end_of_the_log(tmp_path: Path) -> None:
    command = [sys.executable, "-c", "print('no space left'); raise SystemExit(3)"]
    with pytest.raises(ImagesError, match=r"(?s)building: .* ended with status 3; .*no space left"):
        progress.run("building", command, tmp_path / "log", tell=lambda _: None)


def test_silent_work_shows_signs_of_life(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "_EVERY_SECONDS", 0.01)
    told: list[str] = []
    heard = threading.Event()

    def hear(line: str) -> None:
        told.append(line)
        heard.set()

    with progress.signs_of_life("importing", hear):
        assert heard.wait(10)
    assert told[0] == "importing: 0 s"
