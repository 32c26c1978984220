"""Whatever the names' lengths, a summary fits 4,096 bytes, and what matters most is still in it."""

import pytest

from modelreuse.api import (
    MAX_LAYERS_IN_STATUS,
    AssessmentSummary,
    Basis,
    ContentHashes,
    Failure,
    FieldError,
    Finding,
    MeasuredPass,
    MovedLayer,
    ScoreStatus,
    VerificationSummary,
    decimal,
    parse_message,
)
from modelreuse.api.types import MAX_REASON, MAX_TEXT
from modelreuse.scores import TrainedSuffix
from modelreuse.worker.rows import IN_SUMMARY
from modelreuse.worker.summary import encode, fitted, refused, size

LIMIT = 4096
SHA = "sha256:" + "f" * 64
WIDEST = decimal(-123456789012345)


def largest(task: str = "t" * 128, scores: list[str] | None = None) -> AssessmentSummary:
    amount = decimal(0.0000000123456)
    return AssessmentSummary(
        task=task,
        hashes=ContentHashes(model=SHA, reference=SHA, new=SHA, evaluation=SHA, code=SHA),
        samples=10**12,
        classes=10**6,
        labelled=10**12,
        evidence="L2",
        scores=[ScoreStatus(name=name, value=WIDEST, labels="Predicted") for name in scores or IN_SUMMARY],
        measured=MeasuredPass(
            device="d" * 64,
            samples=10**12,
            seconds=amount,
            cpu_seconds=amount,
            energy_wh=amount,
            energy_basis=Basis.ESTIMATED,
            step_seconds=amount,
            step_gigaflops=amount,
            step_gigabytes=amount,
            step_launches=10**12,
            step_energy_wh=amount,
            step_batch_size=65536,
            head_step_seconds=amount,
            startup_seconds=amount,
        ),
        report_sha256=SHA,
    )


def suffix(names: tuple[str, ...], share: float) -> TrainedSuffix:
    return TrainedSuffix(names, share, share / 2)


def moved(*names: str) -> list[MovedLayer]:
    return [MovedLayer(name=name, shift=decimal(1.5), error=decimal(0.000000123456)) for name in names]


def finding(index: int, text: str = "m") -> Failure:
    return Failure(reason=f"Reason{index}".ljust(MAX_REASON, "x"), message=text * MAX_TEXT)


@pytest.mark.parametrize("text", ["m", "é", "漢", '"', "\\", "\x00", "😀"])
def test_everything_at_its_maximum_fits(text):
    layers = suffix(tuple(f"{text[:1] * 60}.{i}" for i in range(MAX_LAYERS_IN_STATUS)), 0.5)

    summary = fitted(
        largest(),
        [finding(i, text) for i in range(20)],
        [layers, layers, suffix(("h" * 64,), 0.1)],
        moved(*(text * 62 + str(i) for i in range(20))),
    )

    assert size(summary) <= LIMIT
    assert parse_message(AssessmentSummary, encode(summary)) == summary


@pytest.mark.parametrize("task", ["\x00" * 128, "😀" * 128, '"' * 128])
def test_a_task_whose_name_needs_many_bytes_fits(task):
    assert size(fitted(largest(task, [f"s{i}" + "x" * 29 for i in range(18)]), [finding(0)], [])) <= LIMIT


def test_a_small_summary_is_complete():
    layers = suffix(("body.3", "head"), 0.25)
    findings = [Failure(reason="ClassCollapse", message="only 2 of 10 classes"), Failure(reason="X", message="y")]

    summary = fitted(largest(), findings, [layers])

    assert summary.layers == ["body.3", "head"]
    assert (summary.trainable_share, summary.backward_share) == (decimal(0.25), decimal(0.125))
    assert summary.findings == [Finding(reason=one.reason, message=one.message) for one in findings]
    assert len(summary.scores) == len(IN_SUMMARY)


def test_the_first_finding_outlives_the_others():
    summary = fitted(largest(), [finding(i) for i in range(20)], [])

    assert summary.findings[0].reason.startswith("Reason0")
    assert len(summary.findings) <= 4


def test_a_cut_sentence_shows_that_it_is_cut():
    assert fitted(largest(), [finding(i) for i in range(8)], []).findings[0].message.endswith("…")


def test_layers_that_do_not_fit_are_written_by_blocks():
    leaves = suffix(tuple(f"block.{'x' * 60}.{i}" for i in range(20)), 0.5)
    blocks = suffix(("block",), 0.5)

    summary = fitted(largest(), [], [leaves, blocks, suffix(("head",), 0.1)])

    assert summary.layers == ["block"]
    assert summary.findings == []


def test_more_layers_than_the_status_holds_are_written_by_blocks():
    leaves = suffix(tuple(f"b.{i}" for i in range(MAX_LAYERS_IN_STATUS + 1)), 0.5)

    assert fitted(largest(), [], [leaves, suffix(("b",), 0.5), suffix(("h",), 0.1)]).layers == ["b"]


def test_layers_left_out_are_a_finding():
    long = suffix(tuple("漢" * 62 + str(i) for i in range(20)), 0.5)

    summary = fitted(largest(), [], [long, long, suffix(("head",), 0.1)])

    assert (summary.layers, summary.trainable_share) == (["head"], decimal(0.1))
    assert [finding.reason for finding in summary.findings] == ["LayersNotListed"]


def test_the_layers_that_moved_farthest_are_told_as_many_as_there_is_room_for():
    assert [layer.name for layer in fitted(largest(), [], [], moved("a", "b", "c", "d")).moved] == ["a", "b", "c"]
    room = size(fitted(largest(), [], [], moved("a", "b"))) + 800
    assert [layer.name for layer in fitted(largest(), [], [], moved("a", "b", "c"), limit=room).moved] == ["a", "b"]


def test_layers_that_moved_give_way_to_those_worth_training():
    layers = suffix(("body.0", "body.1", "head"), 0.5)
    room = size(fitted(largest(), [], [layers])) + 800

    summary = fitted(largest(), [], [layers], moved("body.0"), limit=room)

    assert (summary.layers, summary.moved) == (["body.0", "body.1", "head"], [])


def test_no_layers_are_no_finding():
    assert fitted(largest(), [], []).findings == []


@pytest.mark.parametrize("kind", [AssessmentSummary, VerificationSummary])
@pytest.mark.parametrize("text", ["m", "漢", "\x00", '"\\'])
def test_a_refusal_fits_with_the_longest_sentence(kind, text):
    error = FieldError(reason="R" * MAX_REASON, field="f" * 128, message=(text * MAX_TEXT)[:MAX_TEXT])

    summary = refused(kind, "\x00" * 128, error)

    assert size(summary) <= LIMIT
    assert parse_message(kind, encode(summary)).error.reason == "R" * MAX_REASON
