"""Score rows and findings, from hand-made results."""

from modelreuse.api import format_decimal
from modelreuse.api.check import MAX_SCORES
from modelreuse.scores import SCORES, ClassBasis, DataSummary, Finding, ScoreResult, ShiftReport
from modelreuse.worker.rows import ACCURACY_NEW, ACCURACY_REFERENCE, IN_SUMMARY, WITH_REFERENCE, findings, score_rows


def result(name: str, value: float | None, basis=ClassBasis.LABELS, **details: float) -> ScoreResult:
    undefined = None if value is not None else Finding("LabelsMissing", f"{name} needs labels")
    return ScoreResult(name, value, "means", 10, basis, details, undefined)


def report(*results: ScoreResult, known: tuple[Finding, ...] = ()) -> ShiftReport:
    seen = DataSummary(10, 0, 1)
    return ShiftReport({r.name: r for r in results}, known, "head", 3, 8, seen, seen)


def rows(*results: ScoreResult) -> dict[str, tuple[str, str]]:
    return {row.name: (format_decimal(row.value), row.labels) for row in score_rows({r.name: r for r in results})}


def test_a_row_says_which_labels_it_used():
    given = rows(result("lda_error", 1.0), result("resque_dist", 1.0, ClassBasis.PREDICTED), result("arm", 1.0, None))

    labels = {name: labels for name, (_, labels) in given.items()}
    assert labels == {"lda_error": "Given", "resque_dist": "Predicted", "arm": "Unused"}


def test_a_status_has_room_for_every_row_and_each_row_for_a_score():
    made = {*SCORES, ACCURACY_NEW, ACCURACY_REFERENCE, *(f"{name}_reference" for name in WITH_REFERENCE)}

    assert len(set(IN_SUMMARY)) == len(IN_SUMMARY) <= MAX_SCORES
    assert set(IN_SUMMARY) <= made


def test_what_is_not_for_the_summary_has_no_row():
    assert rows(result("frechet", 1.0)) == {}


def test_an_undefined_score_has_no_row():
    assert rows(result("arm", None)) == {}


def test_accuracy_is_one_minus_error_in_both_data_sets():
    given = rows(result("initial_error", 0.25, reference=0.125))

    assert given["initial_accuracy_new"] == ("0.75", "Given")
    assert given["initial_accuracy_reference"] == ("0.875", "Given")


def test_the_reference_accuracy_needs_no_labels_in_the_new_data():
    assert rows(result("initial_error", None, reference=0.5)).keys() == {"initial_accuracy_reference"}


def test_scores_undefined_for_one_reason_share_a_finding():
    (finding,) = findings(report(result("a", None), result("b", None)))

    assert finding.message == "without labels these scores are undefined: a, b"


def test_what_the_passes_found_comes_first():
    found = findings(report(result("a", None), known=(Finding("ClassCollapse", "only one"),)))

    assert [finding.reason for finding in found] == ["ClassCollapse", "LabelsMissing"]


def test_data_sets_that_are_not_paired_are_no_finding():
    alone = ScoreResult("cka", None, "means", 0, None, {}, Finding("NotPaired", "cka needs pairs"))

    assert findings(report(alone)) == []
