"""Records on disk: nothing twice, nothing lost, held-out rows apart."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from study.grid import Arm, Setting, settings, slice_of
from study.row import Row
from study.running import begun, missing, run
from study.store import DEVELOPMENT, HELD_OUT, Store, read
from unit.study.rows import ROW, SPLIT, pretended, row_of

SOME = settings()[:12]


def quiet(_: str) -> None:
    """Say nothing."""


def store_at(folder: Path) -> Store:
    return Store(folder, SPLIT)


def test_a_row_survives_the_file(tmp_path: Path) -> None:
    store = store_at(tmp_path)
    censored = replace(ROW, arm=Arm.FINE_TUNE, steps_low=600, steps_high=None)
    store.add(ROW)
    store.add(censored)
    assert read(store.file(ROW)) == [censored, ROW]


def test_figures_are_kept_to_six_digits(tmp_path: Path) -> None:
    store = store_at(tmp_path)
    store.add(replace(ROW, loss_0=2 / 3))
    (known,) = read(store.file(ROW))
    assert known.loss_0 == 0.666667


def test_an_interrupted_slice_goes_on_where_it_stopped(tmp_path: Path) -> None:
    store = store_at(tmp_path)
    performed: list[str] = []

    def until_the_lights_go_out(setting: Setting, arms: Sequence[Arm]) -> Iterator[Row]:
        for row in pretended(setting, arms):
            if len(performed) == 7:
                raise KeyboardInterrupt
            performed.append(row.name)
            yield row

    with pytest.raises(KeyboardInterrupt):
        run(SOME, store, quiet, until_the_lights_go_out)
    assert sorted(store.definitions()) == sorted(performed)
    assert begun(SOME, store) == list(SOME[:3])
    rest: list[str] = []

    def go_on(setting: Setting, arms: Sequence[Arm]) -> Iterator[Row]:
        for row in pretended(setting, arms):
            rest.append(row.name)
            yield row

    run(SOME, store, quiet, go_on)
    assert sorted(performed + rest) == sorted(setting.run(arm) for setting in SOME for arm in Arm)
    assert missing(SOME, store) == []


def test_running_again_does_nothing(tmp_path: Path) -> None:
    store = store_at(tmp_path)
    run(SOME, store, quiet, pretended)
    before = {file: file.read_text() for file in tmp_path.glob("*/*.csv")}

    def never(setting: Setting, arms: Sequence[Arm]) -> Iterator[Row]:
        raise AssertionError(setting, arms)

    run(SOME, store, quiet, never)
    assert {file: file.read_text() for file in tmp_path.glob("*/*.csv")} == before


def test_a_row_of_another_definition_is_run_again_and_replaced(tmp_path: Path) -> None:
    store = store_at(tmp_path)
    run(SOME[:1], store, quiet, pretended)
    stale = row_of(SOME[0], Arm.RETRAIN)
    store.add(replace(stale, definition="ffffffff"))
    assert missing(SOME[:1], store) == [(SOME[0], (Arm.RETRAIN,))]
    run(SOME[:1], store, quiet, pretended)
    assert len(read(store.file(stale))) == len(Arm)
    assert missing(SOME[:1], store) == []


def test_two_slices_at_once_lose_nothing(tmp_path: Path) -> None:
    # The lock is taken on a file handle of each store's own, so threads stand for processes.
    with ThreadPoolExecutor() as slices:
        parts = [slice_of(SOME, number, 4) for number in range(1, 5)]
        ends = [slices.submit(run, part, store_at(tmp_path), quiet, pretended) for part in parts]
        for end in ends:
            end.result()
    names = [row.name for side in (DEVELOPMENT, HELD_OUT) for row in store_at(tmp_path).side_rows(side)]
    assert sorted(names) == sorted(setting.run(arm) for setting in SOME for arm in Arm)


def test_held_out_rows_lie_apart(tmp_path: Path) -> None:
    store = store_at(tmp_path)
    run(settings()[:60], store, quiet, lambda setting, _: pretended(setting, [Arm.RETRAIN]))
    assert all(store.side_rows(side) for side in (DEVELOPMENT, HELD_OUT))
    assert all(not SPLIT.holds_out(row) for row in store.side_rows(DEVELOPMENT))
    assert all(SPLIT.holds_out(row) for row in store.side_rows(HELD_OUT))


def test_a_damaged_line_is_named(tmp_path: Path) -> None:
    store = store_at(tmp_path)
    store.add(ROW)
    file = store.file(ROW)
    file.write_text(file.read_text().replace("01234567", "01234567,"))
    with pytest.raises(ValueError, match=r"mnist\.csv, line 2"):
        read(file)
