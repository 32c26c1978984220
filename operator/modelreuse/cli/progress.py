"""Progress of an assessment, on standard error, where somebody watches."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

_STAGES = {
    "loading": "loading files",
    "reference": "pass over the reference",
    "new": "pass over the new data",
    "timing": "timing training steps",
}


def _silent(stage: str, seen: int, samples: int) -> None: ...


@contextmanager
def shown(model: str) -> Iterator[Callable[[str, int, int], None]]:
    """Gives a function to call with stage, samples seen and samples in all; silent where nobody watches."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield _silent
        return
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        row = bar.add_task(model, total=None)

        def told(stage: str, seen: int, samples: int) -> None:
            bar.update(row, description=f"{model}: {_STAGES.get(stage, stage)}", completed=seen, total=samples or None)

        yield told
