"""What may be promoted: exactly the artefact that a check of now allows."""

import json

import pytest

from modelreuse.api import Failure, ModelReuseCheck
from modelreuse.decisions import Promotable, promotable
from unit.decisions import scenes
from unit.decisions.scenes import OUTPUT, Json, Scene, sha

URI = f"{OUTPUT}/new.pt2"


def check(scene: Scene | None = None, name: str = "digits", **retraining: str) -> ModelReuseCheck:
    """By default one whose artefact may be promoted."""
    served: Json = json.loads(json.dumps((scene or scenes.completed()).check.to_wire()))
    served["metadata"]["name"] = name
    if retraining:
        served["status"]["retraining"] |= retraining
    return ModelReuseCheck.parse(served)


def no(*checks: ModelReuseCheck, uri: str = URI, sha256: str | None = None) -> tuple[str, str]:
    answer = promotable(checks, uri, sha256)
    assert isinstance(answer, Failure)
    return answer.reason, answer.message


def test_what_was_verified_may_be_promoted() -> None:
    for sha256 in (None, sha("5")):
        answer = promotable([check()], URI, sha256)
        assert isinstance(answer, Promotable)
        assert (answer.uri, answer.sha256, answer.check) == (URI, sha("5"), "digits")


def test_another_artefact_may_not() -> None:
    assert no(check(), uri=f"{URI}x")[0] == "UnknownArtefact"
    assert no(uri=URI)[0] == "UnknownArtefact"
    reason, message = no(check(), sha256=sha("6"))
    assert reason == "UnknownArtefact"
    assert f"checks know it with {sha('5')} only" in message


@pytest.mark.parametrize("station", [scenes.offered, scenes.launched])
def test_before_a_retraining_has_ended_nothing_may(station: object) -> None:
    assert no(check(station()))[0] == "UnknownArtefact"  # type: ignore[operator]


def test_before_the_verification_has_ended_nothing_may() -> None:
    reason, message = no(check(scenes.retrained()))
    assert reason == "Verifying"
    assert "PromotionAllowed is Unknown" in message


def test_what_was_not_improved_may_not() -> None:
    scene = scenes.retrained()
    task = scene.jobs[scene.verification].task or ""
    worse = scene.answered(scene.verification, scenes.verified(task, newQuality="0.6")).then()
    reason, message = no(check(worse))
    assert reason == "NotImproved"
    assert "PromotionAllowed is False" in message


def test_a_condition_about_an_older_generation_says_nothing_about_the_check_of_now() -> None:
    reason, message = no(check(scenes.completed().but(generation=7)))
    assert reason == "Outdated"
    assert "generation 1" in message


def test_a_condition_that_is_missing_allows_nothing() -> None:
    bare = scenes.completed()
    assert no(check(bare.but(status={**bare.status, "conditions": []})))[0] == "NoCondition"


def test_what_was_verified_must_be_what_was_trained() -> None:
    reason, message = no(check(artifactSha256=sha("6")))
    assert reason == "NotVerified"
    assert message == f"line7/digits: what was trained has {sha('6')}, what was verified {sha('5')}"
    bare = scenes.completed()
    unverified = {key: value for key, value in bare.status.items() if key != "verification"}
    assert "what was verified no hash" in no(check(bare.but(status=unverified)))[1]
    unhashed = {key: value for key, value in bare.status["retraining"].items() if key != "artifactSha256"}
    assert "what was trained has no hash" in no(check(bare.but(status=unverified | {"retraining": unhashed})))[1]


def test_one_uri_with_two_hashes_takes_a_word_about_which() -> None:
    checks = [check(), check(name="later", artifactSha256=sha("6"))]
    reason, message = no(*checks)
    assert reason == "AmbiguousArtefact"
    assert "--sha256" in message
    assert isinstance(promotable(checks, URI, sha("5")), Promotable)
    assert no(*checks, sha256=sha("6"))[0] == "NotVerified"


def test_one_check_that_allows_it_is_enough() -> None:
    silent = scenes.completed()
    doubting = check(silent.but(status={**silent.status, "conditions": []}), name="a-twin")
    assert isinstance(promotable([doubting, check()], URI, sha("5")), Promotable)
