"""What the cache's folders are named by."""

import dataclasses

from localcluster.build import arguments, cache_key, elapsed
from localcluster.components import Component, Level

COMPONENT = Component("c", "c", Level.NODE, {"c": "example.org/c"})
SOURCES = {"go.mod": b"module c\n", "go.sum": b"x h1:abc\n"}
KEY = cache_key(COMPONENT, SOURCES, "go1.26.8")


def test_the_same_inputs_give_the_same_folder() -> None:
    assert cache_key(COMPONENT, dict(reversed(SOURCES.items())), "go1.26.8") == KEY


def test_whatever_changes_a_binary_changes_the_folder() -> None:
    others = [
        cache_key(COMPONENT, SOURCES | {"go.sum": b"x h1:abd\n"}, "go1.26.8"),
        cache_key(COMPONENT, SOURCES, "go1.26.9"),
        cache_key(dataclasses.replace(COMPONENT, tags="seccomp"), SOURCES, "go1.26.8"),
        cache_key(dataclasses.replace(COMPONENT, cgo=True), SOURCES, "go1.26.8"),
        cache_key(dataclasses.replace(COMPONENT, linker=("-X a=b",)), SOURCES, "go1.26.8"),
        cache_key(dataclasses.replace(COMPONENT, packages={"c": "example.org/d"}), SOURCES, "go1.26.8"),
    ]
    assert len({KEY, *others}) == len(others) + 1


def test_a_file_that_contains_another_ones_name_and_content_is_no_substitute_for_it() -> None:
    assert cache_key(COMPONENT, {"a": b"1b\n2"}, "go") != cache_key(COMPONENT, {"a": b"1", "b": b"2"}, "go")


def test_no_path_of_the_machine_gets_into_a_binary() -> None:
    assert "-trimpath" in arguments(COMPONENT)


def test_durations_read_naturally() -> None:
    assert elapsed(41.6) == "42 s"
    assert elapsed(185) == "3 min 05 s"
