import pytest

from modelreuse.scores import Distance, Layer, LayerShift, backward_shares, worth_training

TABLE = [
    Layer(name, "Linear", parameters, parameters / 100, flops)
    for name, parameters, flops in (("a", 10, 0.4), ("b", 20, 0.3), ("c", 30, 0.2), ("head", 40, 0.1))
]


def shifts(**moved):
    return [LayerShift(n, 4, Distance(v, 0.0, 0.01), Distance(v), v > 0.1) for n, v in moved.items()]


def test_it_begins_where_a_layer_moved_half_as_far_as_the_farthest():
    suffix = worth_training(shifts(a=0.2, b=0.5, c=0.9, head=0.6), TABLE, "head")
    assert suffix.names == ("b", "c", "head")
    assert suffix.parameters == pytest.approx(0.9)


def test_the_backward_share_counts_two_gradients_but_for_the_first_layer():
    suffix = worth_training(shifts(a=0.2, b=0.5, c=0.9), TABLE, "head")
    assert suffix.backward == pytest.approx((2 * 0.6 - 0.3) / (2 * 1.0 - 0.4))


def test_a_change_that_begins_at_the_input_trains_all():
    suffix = worth_training(shifts(a=0.9, b=0.5, head=0.2), TABLE, "head")
    assert (suffix.names, suffix.parameters, suffix.backward) == (("a", "b", "c", "head"), 1.0, 1.0)


def test_where_nothing_moved_the_head_alone_is_trained():
    assert worth_training(shifts(a=0.05, head=0.01), TABLE, "head").names == ("head",)


def test_the_embedding_and_layers_behind_the_head_do_not_count():
    behind = [*TABLE, Layer("auxiliary", "Linear", 0, 0.0, 0.0)]
    moved = shifts(**{"(embedding)": 9.0, "auxiliary": 9.0, "c": 0.4})
    assert worth_training(moved, behind, "head").names == ("c", "head")


def test_without_operation_counts_the_backward_share_is_unknown():
    table = [Layer("a", "Linear", 1, 0.5), Layer("head", "Linear", 1, 0.5)]
    assert worth_training([], table, "head").backward is None


def test_an_unknown_head_is_refused():
    with pytest.raises(ValueError, match="head 'haed' is not among"):
        worth_training([], TABLE, "haed")


def test_the_shares_of_all_layers_add_up_to_one_and_the_first_has_one_gradient_only():
    shares = backward_shares(TABLE)
    assert sum(shares) == pytest.approx(1)
    assert shares[0] == pytest.approx(0.4 / 1.6)
    assert shares[1] == pytest.approx(2 * 0.3 / 1.6)


def test_a_layer_without_an_operation_count_leaves_all_shares_unknown():
    assert backward_shares([*TABLE, Layer("x", "Linear", 1, 0.5)]) == (None,) * 5
    assert backward_shares([]) == ()
