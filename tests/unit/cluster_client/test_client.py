"""The client's own corners; what a healthy API server answers is tested against one."""

from pathlib import Path

import pytest

from modelreuse.cluster import UnavailableError, connect, namespace_of
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


CONTEXTS = """
apiVersion: v1
kind: Config
current-context: line
clusters: [{name: c, cluster: {server: "https://127.0.0.1:1"}}]
users: [{name: u, user: {token: t}}]
contexts:
- {name: line, context: {cluster: c, user: u, namespace: line7}}
- {name: plain, context: {cluster: c, user: u}}
"""


def test_the_namespace_is_that_of_the_context(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "config").write_text(CONTEXTS)
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "config"))
    assert [namespace_of(), namespace_of("line"), namespace_of("plain")] == ["line7", "line7", "default"]
    with pytest.raises(ConnectionError, match="has no context elsewhere; it has line, plain"):
        namespace_of("elsewhere")


def test_without_a_kubeconfig_there_is_no_namespace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "nothing"))
    with pytest.raises(ConnectionError, match="the kubeconfig can't be read"):
        namespace_of()


async def test_another_context_than_the_current_one_can_be_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "config").write_text(CONTEXTS)
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "config"))
    client = await connect("plain")
    assert (await client.connection()).server == "https://127.0.0.1:1"
    await client.close()
    with pytest.raises(ConnectionError, match="no API server is known"):
        await connect("elsewhere")
