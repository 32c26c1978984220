"""Only what a plan can use is read of the world."""

from collections.abc import Callable

import pytest

from modelreuse.decisions import governing, jobs_to_read, names_in
from unit.decisions import scenes
from unit.decisions.scenes import Scene, profile


def read(scene: Scene) -> list[str]:
    profiles = {each.metadata.name: each for each in scene.profiles}
    return [each.name for each in jobs_to_read(scene.check.status, governing(scene.policies, profiles, {}))]


def test_assessments_are_read_until_all_have_answered() -> None:
    scene = scenes.assessing()
    assert read(scene) == [scene.assessment["job"]["name"]]
    assert read(scenes.offered()) == []


def test_assessments_are_read_once_more_when_the_profile_has_changed() -> None:
    changed = scenes.offered().but(profiles=(profile(pue="2"),))
    assert read(changed) == [changed.assessment["job"]["name"]]
    assert read(changed.then()) == []
    assert read(scenes.launched().but(profiles=(profile(pue="2"),))) == [scenes.launched().training]


def test_a_declined_assessment_is_not_read_again() -> None:
    declined = scenes.offered().annotated(reject=scenes.offered().digest).then()
    assert read(declined.but(profiles=(profile(pue="2"),))) == []


@pytest.mark.parametrize(
    ("station", "name"),
    [
        (scenes.recorded, lambda _: None),
        (scenes.launched, lambda scene: scene.training),
        (scenes.retrained, lambda scene: scene.verification),
        (scenes.completed, lambda _: None),
    ],
)
def test_what_has_ended_is_not_read(station: Callable[[], Scene], name: Callable[[Scene], str | None]) -> None:
    assert read(station()) == [each for each in [name(station())] if each]


def test_a_new_check_has_nothing_to_read() -> None:
    assert read(Scene()) == []


def test_everything_that_was_asked_for_has_its_name_in_status() -> None:
    scene = scenes.retrained()
    assert names_in(scene.check.status) == {*scene.jobs, scene.records[0].metadata.name}
    assert names_in(Scene().check.status) == frozenset()


def test_a_scheduled_assessment_was_asked_for_too() -> None:
    scene = scenes.assessed(spec=scenes.spec(schedule="0 * * * *")).but(nonce="f00d" * 8).later(hours=1).then()
    (begun,) = scene.status["screening"]["models"]
    assert names_in(scene.check.status) == {scene.assessment["job"]["name"], begun["job"]["name"]}


def test_assessments_are_read_again_when_a_pilot_has_ended() -> None:
    """The profile may have changed while it ran."""
    answered = scenes.pilot_answered()
    assert read(scenes.pilot_launched()) == [answered.training]
    assert read(answered.then()) == [answered.assessment["job"]["name"]]
    assert read(scenes.pilot_ended()) == []
