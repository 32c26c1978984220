"""The layers that a fine-tuning would train."""

from modelreuse.scores import Layer
from modelreuse.worker.suffix import spellings, trained_suffix


def table(**parameters: int) -> list[Layer]:
    total = sum(parameters.values())
    return [Layer(name.replace("__", "."), "Linear", n, n / total) for name, n in parameters.items()]


def names(layers: list[Layer]) -> list[str]:
    return [layer.name for layer in layers]


def test_a_head_with_a_tenth_of_the_parameters_is_enough():
    assert names(trained_suffix(table(body=900, head=100), "head")) == ["head"]


def test_layers_are_added_backwards_until_a_tenth_is_reached():
    assert names(trained_suffix(table(a=900, b=60, c=30, head=10), "head")) == ["b", "c", "head"]


def test_what_follows_the_head_does_not_count():
    assert names(trained_suffix(table(a=50, head=40, scale=10), "head")) == ["head"]


def test_a_head_without_parameters_of_its_own_has_no_suffix():
    assert trained_suffix(table(a=50), "head") == []


def test_the_first_spelling_names_every_layer():
    layers = table(a=900, b__0=50, b__1=50)

    assert next(spellings(layers[1:], layers)).names == ("b.0", "b.1")


def test_the_second_spelling_names_whole_blocks():
    layers = table(a__0=800, a__1=10, b__0__x=50, b__0__y=50, b__1=90)

    assert [suffix.names for suffix in spellings(layers[1:], layers)][1] == ("a.1", "b")


def test_the_last_spelling_is_the_head_and_its_own_share():
    layers = table(a=900, b=60, head=40)

    last = list(spellings(layers[1:], layers))[-1]

    assert (last.names, last.share) == (("head",), 0.04)


def test_a_model_that_is_its_own_head_has_no_name_to_give():
    layers = [Layer("", "Linear", 10, 1.0)]

    assert list(spellings(layers, layers)) == []
