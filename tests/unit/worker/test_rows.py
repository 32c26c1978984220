"""Score rows and findings, from hand-made results."""

from modelreuse.api import format_decimal
from modelreuse.scores import ClassBasis, DataSummary, Finding, ScoreResult, ShiftReport
from modelreuse.worker.rows import findings, score_rows


def result(name: str, value: float | None, basis=ClassBasis.LABELS, **details: float) -> ScoreResult:
    undefined = None if value is not None else Finding("LabelsMissing", f"{name} needs labels")
    return ScoreResult(name, value, "means", 10, basis, details, undefined)


def report(*results: ScoreResult, known: tuple[Finding, ...] = ()) -> ShiftReport:
    seen = DataSummary(10, 0, 1)
    return ShiftReport({r.name: r for r in results}, known, "head", 3, 8, seen, seen)


def rows(*results: ScoreResult) -> dict[str, tuple[str, str]]:
    return {row.name: (format_decimal(row.value), row.labels) for row in score_rows({r.name: r for r in results})}


def test_a_row_says_which_labels_it_used():
    given = rows(result("a", 1.0), result("b", 1.0, ClassBasis.PREDICTED), result("c", 1.0, None))

    assert {name: labels for name, (_, labels) in given.items()} == {"a": "Given", "b": "Predicted", "c": "Unused"}


def test_an_undefined_score_has_no_row():
    assert rows(result("a", None)) == {}


def test_accuracy_is_one_minus_error_in_both_data_sets():
    given = rows(result("initial_error", 0.25, reference=0.125))

    assert given["initial_accuracy_new"] == ("0.75", "Given")
    assert given["initial_accuracy_reference"] == ("0.875", "Given")


def test_the_reference_accuracy_needs_no_labels_in_the_new_data():
    assert rows(result("initial_error", None, reference=0.5)).keys() == {
        "initial_error_reference",
        "initial_accuracy_reference",
    }


def test_scores_undefined_for_one_reason_share_a_finding():
    (finding,) = findings(report(result("a", None), result("b", None)))

    assert finding.message == "without labels these scores are undefined: a, b"


def test_what_the_passes_found_comes_first():
    found = findings(report(result("a", None), known=(Finding("ClassCollapse", "only one"),)))

    assert [finding.reason for finding in found] == ["ClassCollapse", "LabelsMissing"]


def test_data_sets_that_are_not_paired_are_no_finding():
    alone = ScoreResult("cka", None, "means", 0, None, {}, Finding("NotPaired", "cka needs pairs"))

    assert findings(report(alone)) == []
