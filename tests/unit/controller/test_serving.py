import aiohttp
import pytest

from modelreuse.controller.metrics import Metrics
from modelreuse.controller.serving import serve


async def ask(port: int, path: str) -> tuple[int, str]:
    async with aiohttp.ClientSession() as session, session.get(f"http://127.0.0.1:{port}{path}") as answer:
        return answer.status, await answer.text()


@pytest.mark.parametrize(("well", "status"), [(True, 200), (False, 503)])
async def test_probes_say_how_it_is(well: bool, status: int) -> None:
    async with serve(0, Metrics().registry, alive=lambda: well, ready=lambda: not well) as port:
        assert (await ask(port, "/healthz"))[0] == status
        assert (await ask(port, "/readyz"))[0] == (503 if well else 200)


async def test_metrics_are_served_as_prometheus_reads_them() -> None:
    async with serve(0, Metrics().registry, alive=lambda: True, ready=lambda: True) as port:
        status, text = await ask(port, "/metrics")
    assert status == 200
    assert "# TYPE modelreuse_queue_depth gauge" in text
