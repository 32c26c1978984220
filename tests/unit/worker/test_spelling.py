"""How the layers worth training are written down where there is little room."""

from modelreuse.scores import Layer, TrainedSuffix
from modelreuse.worker.spelling import spellings


def table(**parameters: int) -> list[Layer]:
    total = sum(parameters.values())
    return [Layer(name.replace("__", "."), "Linear", n, n / total, n / total) for name, n in parameters.items()]


def suffix(*names: str) -> TrainedSuffix:
    return TrainedSuffix(names, 0.5, 0.25)


def test_the_first_spelling_names_every_layer():
    assert next(spellings(suffix("b.0", "b.1"), table(a=900, b__0=50, b__1=50))).names == ("b.0", "b.1")


def test_the_second_spelling_names_whole_blocks_and_means_the_same():
    layers = table(a__0=800, a__1=10, b__0__x=50, b__0__y=50, b__1=90)

    second = list(spellings(suffix("a.1", "b.0.x", "b.0.y", "b.1"), layers))[1]

    assert second == suffix("a.1", "b")


def test_a_block_with_parameters_of_its_own_outside_is_not_written_whole():
    layers = table(b=10, b__0=50, b__1=90)

    assert list(spellings(suffix("b.0", "b.1"), layers))[1].names == ("b.0", "b.1")


def test_the_last_spelling_is_the_head_with_its_own_shares():
    last = list(spellings(suffix("b", "head"), table(a=900, b=60, head=40)))[-1]

    assert (last.names, last.parameters) == (("head",), 0.04)
    assert last.backward == 40 / (2 * 1000 - 900)


def test_a_model_that_is_its_own_head_has_no_name_to_give():
    assert list(spellings(suffix(""), [Layer("", "Linear", 10, 1.0)])) == []
