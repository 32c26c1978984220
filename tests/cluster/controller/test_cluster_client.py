"""The client's operations against a real API server, as the operator's own account."""

from datetime import UTC, datetime, timedelta

import pytest

from cluster.controller.team import Team
from cluster.gate import objects
from modelreuse.api import Outcome
from modelreuse.cluster import (
    Client,
    Created,
    EventRecorder,
    Exists,
    Question,
    Refused,
    StaleError,
    StatusWrite,
    User,
    create_once,
    is_allowed,
    read_check,
    read_namespace_labels,
    read_node_labels,
    read_record,
    record_outcome,
    write_status,
)
from modelreuse.controller.key import Key


@pytest.fixture
def team(shared_team: Team) -> Team:
    return shared_team


NOW = datetime(2026, 1, 2, 12, tzinfo=UTC)
OUTCOME = Outcome.model_validate({"finished_at": NOW, "result": "Succeeded", "steps": 50})


async def test_a_status_is_replaced_and_nothing_but_it(client: Client, team: Team) -> None:
    check = team.check()
    served = await read_check(client, *Key.of(check))
    assert served is not None
    tampered = {**served, "spec": {**served["spec"], "suspend": True}}
    assert await write_status(client, tampered, {"nonce": "n", "rejected": "r"}) is StatusWrite.STORED
    served = await read_check(client, *Key.of(check))
    assert served is not None
    assert await write_status(client, served, {"nonce": "n"}) is StatusWrite.STORED
    stored = team.now(check)
    assert stored["status"] == {"nonce": "n", "assessments": [], "conditions": [], "history": []}  # with its defaults
    assert stored["spec"]["suspend"] is False
    assert stored["metadata"]["annotations"]["modelreuse.io/requested-by"] == "bob"


async def test_a_status_from_an_older_reading_is_not_stored(client: Client, team: Team) -> None:
    check = team.check()
    served = await read_check(client, *Key.of(check))
    assert served is not None
    team["bob"].patch(check, {"metadata": {"labels": {"line": "7"}}})
    assert await write_status(client, served, {"nonce": "n"}) is StatusWrite.STALE
    assert "status" not in team.now(check)


async def test_an_object_is_created_once(client: Client, team: Team) -> None:
    job = objects.job(team.namespace, "mrc-once")
    created = await create_once(client, job)
    assert isinstance(created, Created)
    assert created.uid == team["admin"].get(job)["metadata"]["uid"]
    assert await create_once(client, job) == Exists()


async def test_what_the_server_refuses_comes_back_in_its_words(client: Client, team: Team) -> None:
    job = objects.job(team.namespace, "mrc-bad")
    job["spec"]["template"]["spec"]["restartPolicy"] = "Always"
    refused = await create_once(client, job)
    assert isinstance(refused, Refused)
    assert refused.failure.reason == "Invalid"
    assert "restartPolicy" in refused.failure.message


async def test_an_outcome_is_recorded_once(client: Client, team: Team) -> None:
    record = team["operator"].create(objects.record(team.namespace, "mrc-r", "Operator"))
    first = await record_outcome(client, team.namespace, "mrc-r", OUTCOME)
    later = OUTCOME.model_copy(update={"steps": 99})
    again = await record_outcome(client, team.namespace, "mrc-r", later)
    assert first is not None
    assert again == first
    assert team["operator"].get(record)["outcome"]["steps"] == 50


async def test_the_outcome_of_a_record_that_is_gone_is_nobodys(client: Client, team: Team) -> None:
    assert await record_outcome(client, team.namespace, "never-there", OUTCOME) is None
    assert await read_record(client, team.namespace, "never-there") is None


async def test_labels_of_namespaces_and_nodes(client: Client, team: Team) -> None:
    labels = await read_namespace_labels(client, team.namespace)
    assert labels["kubernetes.io/metadata.name"] == team.namespace
    assert await read_node_labels(client, "never-there") is None


@pytest.mark.parametrize(
    ("name", "verb", "allowed"),
    [("alice", "approve", True), ("bob", "approve", False), ("eve", "approve", False), ("", "approve", False)],
)
async def test_rights_are_those_of_the_person(client: Client, team: Team, name: str, verb: str, allowed: bool) -> None:
    question = Question(verb, "modelreuse.io", "modelreusechecks", team.namespace, "digits")
    assert await is_allowed(client, User.stamped(name, ""), question) is allowed


async def test_rights_that_come_with_a_group_count(client: Client, team: Team) -> None:
    question = Question("create", "batch", "jobs", team.namespace)
    assert await is_allowed(client, User.stamped("zoe", "system:masters"), question)
    assert not await is_allowed(client, User.stamped("zoe", "engineers"), question)


async def test_the_same_event_is_stored_once_in_a_while(client: Client, team: Team) -> None:
    check = team.check()
    recorder = EventRecorder(client, "test")
    for minutes in (0, 1, 2, 11):
        now = NOW + timedelta(minutes=minutes)
        await recorder.tell(check, "Warning", "Stalled", "m" * 2000, now=now)
    events = team["admin"].list(team.obj("Event", version="events.k8s.io/v1"))
    ours = [event for event in events if event["regarding"]["uid"] == check["metadata"]["uid"]]
    assert [event["note"] for event in ours] == ["m" * 1021 + "…"] * 2


async def test_an_event_that_can_not_be_stored_is_no_error(
    client: Client, team: Team, caplog: pytest.LogCaptureFixture
) -> None:
    check = team.check()
    gone = {**check, "metadata": check["metadata"] | {"namespace": "never-there"}}
    await EventRecorder(client, "test").tell(gone, "Normal", "Assessed", "m", now=NOW)
    assert "event Assessed is lost" in caplog.text


async def test_a_record_that_changes_under_the_pen_is_looked_at_again(client: Client, team: Team) -> None:
    team["operator"].create(objects.record(team.namespace, "mrc-r2", "Operator"))

    class Interrupted:
        """The client, but somebody labels the record between reading and writing."""

        async def get(self, *arguments: object) -> object:
            served = await client.get(*arguments)  # type: ignore[arg-type]
            reference = team.obj("RetrainingRecord", "mrc-r2")
            team["operator"].patch(reference, {"metadata": {"labels": {"seen": "yes"}}})
            return served

        merge = client.merge

    with pytest.raises(StaleError):
        await record_outcome(Interrupted(), team.namespace, "mrc-r2", OUTCOME)  # type: ignore[arg-type]
