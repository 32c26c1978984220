from modelreuse.cluster import User


def test_stamped_groups_are_those_that_admission_wrote_down() -> None:
    assert User.stamped("alice", "leads,system:authenticated") == User("alice", ("leads", "system:authenticated"))


def test_a_comma_inside_a_groups_name_does_not_become_two_groups() -> None:
    assert User.stamped("alice", "a%2Cb,system:authenticated").groups == ("a,b", "system:authenticated")


def test_an_escaped_percent_sign_is_not_unescaped_twice() -> None:
    assert User.stamped("alice", "100%252C,system:authenticated").groups[0] == "100%2C"


def test_whoever_has_a_name_is_authenticated() -> None:
    assert User.stamped("bob", "") == User("bob", ("system:authenticated",))
