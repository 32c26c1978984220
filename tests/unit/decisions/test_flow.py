"""The whole flow, one look after the other: each step is stored before the next is planned."""

from unit.decisions import scenes
from unit.decisions.scenes import Scene, approve, created, result, summary, verified


def test_a_check_goes_from_question_to_promotion() -> None:
    scene = Scene()

    first = scene.plan()
    assert created(first) == ["assessment"]
    scene = scene.then(first)
    assert scene.condition("Ready")["status"] == "False"

    scene = scene.then()
    job = scene.assessment["job"]
    assert job["uid"] == f"uid-of-{job['name']}"

    scene = scene.answered(job["name"], summary(scene.jobs[job["name"]].task or "")).then()
    assert scene.condition("Assessed")["status"] == "True"
    assert scene.status["recommendation"]["action"] == "FineTune"
    assert scene.condition("Ready") | {"status": "True", "reason": "AwaitingApproval"} == scene.condition("Ready")
    assert scene.condition("Approved")["status"] == "False"
    assert scene.plan().create == ()

    scene = approve(scene)
    intent = scene.plan()
    assert created(intent) == []
    scene = scene.then(intent)
    assert scene.status["retraining"]["intent"]["digest"] == scene.digest

    record = scene.plan()
    assert created(record) == ["RetrainingRecord"]
    scene = scene.then(record)
    assert not scene.status["retraining"]["launched"]

    launch = scene.plan()
    assert created(launch) == ["retraining"]
    scene = scene.then(launch)
    assert scene.status["retraining"]["launched"]

    scene = scene.then()
    assert scene.condition("Retrained")["reason"] == "Retraining"

    ended = scene.answered(scene.training, result(scene.digest)).plan()
    assert created(ended) == ["verification"]
    assert ended.outcome is None
    scene = scene.answered(scene.training, result(scene.digest)).then(ended).then()
    assert scene.condition("Retrained")["status"] == "True"
    assert scene.condition("PromotionAllowed")["reason"] == "Verifying"

    task = scene.jobs[scene.verification].task or ""
    scene = scene.answered(scene.verification, verified(task))
    done = scene.plan()
    assert done.outcome is not None
    scene = scene.then(done)
    assert scene.condition("PromotionAllowed")["status"] == "True"
    assert scene.condition("Ready")["reason"] == "Completed"
    assert scene.records[0].outcome is not None

    last = scene.plan()
    assert (last.create, last.outcome, last.events) == ((), None, ())


def test_the_record_says_between_which_steps_the_target_was_met() -> None:
    scene = scenes.launched()
    scene = scene.answered(scene.training, result(scene.digest, evaluatedEvery=20)).then().then()
    scene = scene.answered(scene.verification, verified(scene.jobs[scene.verification].task or "")).then()
    outcome = scene.records[0].outcome
    assert outcome is not None
    assert (outcome.steps, outcome.evaluated_every) == (400, 20)


def test_the_record_keeps_some_looks_at_the_quality_spread_over_the_steps() -> None:
    looks = [{"step": step, "quality": f"0.{500 + step}"} for step in range(10, 401, 10)]
    scene = scenes.launched()
    scene = scene.answered(scene.training, result(scene.digest, evaluations=looks)).then().then()
    scene = scene.answered(scene.verification, verified(scene.jobs[scene.verification].task or "")).then()
    outcome = scene.records[0].outcome
    assert outcome is not None
    kept = [(each.step, str(each.quality)) for each in outcome.evaluations or []]
    assert kept == [(step, f"0.{500 + step}".rstrip("0")) for step in (10, 20, 30, 50, 90, 140, 240, 400)]


def test_what_the_trainer_is_told_is_what_was_approved() -> None:
    launch = scenes.recorded().plan()
    told = scenes.plan_of(launch.create[0])
    assert told["digest"] == scenes.recorded().digest
    assert (told["action"], told["layers"], told["maxSteps"]) == ("FineTune", ["fc2"], 1000)
    assert told["target"] == "0.855"
    assert told["output"] == scenes.OUTPUT


def test_the_record_says_what_was_known_before() -> None:
    record = scenes.recorded().records[0]
    assert record.outcome is None
    assert record.spec.approval is not None
    assert (record.spec.approval.requested_by, record.spec.approval.approved_by) == ("erika", "petra")
    assert record.spec.approval.digest == scenes.recorded().digest
    assert record.spec.check is not None
    assessment = scenes.recorded().status["assessments"][0]
    assert record.spec.samples == assessment["samples"]
    assert str(record.spec.trainable_share) == assessment["trainableShare"]
    assert record.spec.check.uid == scenes.UID
    assert str(record.spec.target) == "0.855"
