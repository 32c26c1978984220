"""The client's own corners; what a healthy API server answers is tested against one."""

from pathlib import Path

import pytest

from modelreuse.cluster import UnavailableError, connect
from modelreuse.cluster.resources import JOBS
from unit.cluster_client.fake_api_server import Answer, server


def page(*names: str, following: str = "") -> Answer:
    items = [{"metadata": {"name": name}} for name in names]
    return Answer(200, {"metadata": {"continue": following} if following else {}, "items": items})


async def test_a_list_is_read_page_by_page() -> None:
    async with server([page("a", "b", following="t1"), page("c")]) as (told, client):
        found = [each async for each in client.list(JOBS, "team", labels="x=y")]
    assert [each["metadata"]["name"] for each in found] == ["a", "b", "c"]
    assert told.asked == [
        "GET /apis/batch/v1/namespaces/team/jobs?limit=500&labelSelector=x%3Dy",
        "GET /apis/batch/v1/namespaces/team/jobs?limit=500&labelSelector=x%3Dy&continue=t1",
    ]


async def test_items_of_a_list_say_what_they_are() -> None:
    async with server([page("a")]) as (_, client):
        found = [each async for each in client.list(JOBS)]
    assert (found[0]["apiVersion"], found[0]["kind"]) == ("batch/v1", "Job")


async def test_an_answer_that_is_no_json_is_no_answer() -> None:
    async with server([Answer(502, "<html>Bad Gateway</html>")]) as (_, client):
        with pytest.raises(UnavailableError, match="502"):
            await client.get(JOBS, "mrc-1", "team")


async def test_without_any_api_server_the_sentence_says_what_to_do(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "nothing"))
    with pytest.raises(ConnectionError, match="run in a pod with a service account, or set KUBECONFIG"):
        await connect()


async def test_a_secret_token_is_not_shown(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    kubeconfig = tmp_path / "config"
    kubeconfig.write_text(
        """
        {"apiVersion": "v1", "kind": "Config", "current-context": "c",
         "clusters": [{"name": "k", "cluster": {"server": "http://127.0.0.1:1"}}],
         "users": [{"name": "u", "user": {"token": "s3cr3t"}}],
         "contexts": [{"name": "c", "context": {"cluster": "k", "user": "u"}}]}
        """
    )
    monkeypatch.setenv("KUBECONFIG", str(kubeconfig))
    client = await connect()
    connection = await client.connection()
    await client.close()
    assert connection.authorization is not None
    assert connection.authorization.lower() == "bearer s3cr3t"
    assert "s3cr3t" not in repr(connection)
