"""One town for the session, in which all stories happen side by side; each test asks what came of one of them.

A story is a function of the town, named by the marker `story` of the tests that look at its end. Only the stories of
the selected tests are played.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest

from e2e.town import Town, town

Story = Callable[[Town], Any]

AT_ONCE = 6
"""Stories that are played side by side: more than there are cores, as most of a story is waiting."""


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "story(function): what happens, in the town, before the test looks at its end")


@pytest.fixture(scope="session")
def stories(request: pytest.FixtureRequest) -> Iterator[dict[Story, Future[Any]]]:
    """Every story of the selected tests, begun."""
    wanted = dict.fromkeys(
        marker.args[0] for item in request.session.items for marker in item.iter_markers(name="story")
    )
    with town("e2e") as here, ThreadPoolExecutor(AT_ONCE) as pool:
        # The longest stand last; begun first, they don't keep everybody waiting at the end.
        yield {story: pool.submit(story, here) for story in reversed(wanted)}
        pool.shutdown(cancel_futures=True)


@pytest.fixture
def end(request: pytest.FixtureRequest, stories: dict[Story, Future[Any]]) -> Any:
    """What the test's story returned; its failure is the test's."""
    return stories[request.node.get_closest_marker("story").args[0]].result()
