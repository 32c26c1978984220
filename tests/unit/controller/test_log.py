import io
import json
import logging
from collections.abc import Iterator

import pytest

from modelreuse.controller.key import Key
from modelreuse.controller.log import about, set_up


@pytest.fixture(autouse=True)
def _root_logger_as_it_was() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


def test_plain_lines_carry_the_check() -> None:
    stream = io.StringIO()
    set_up("plain", stream=stream)
    with about(Key("team", "digits")):
        logging.getLogger("x").info("status stored")
    assert stream.getvalue().endswith(" INFO    team/digits: status stored\n")


def test_json_lines_carry_the_check_and_nothing_breaks_the_line() -> None:
    stream = io.StringIO()
    set_up("json", stream=stream)
    with about(Key("team", "digits")):
        logging.getLogger("x").warning("two\nlines: %s", '"quoted"')
    (line,) = stream.getvalue().splitlines()
    said = json.loads(line)
    assert said["check"] == "team/digits"
    assert said["level"] == "warning"
    assert said["message"] == 'two\nlines: "quoted"'


def test_json_lines_carry_a_traceback_in_the_same_line() -> None:
    stream = io.StringIO()
    set_up("json", stream=stream)
    try:
        raise KeyError("spec")
    except KeyError:
        logging.getLogger("x").exception("unexpected")
    (line,) = stream.getvalue().splitlines()
    assert "KeyError: 'spec'" in json.loads(line)["trace"]


def test_lines_outside_any_look_are_about_no_check() -> None:
    stream = io.StringIO()
    set_up("json", stream=stream)
    with about(Key("team", "digits")):
        pass
    logging.getLogger("x").info("ended")
    assert json.loads(stream.getvalue())["check"] == "-"
