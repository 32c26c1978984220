"""A watch delivers objects in pieces of any size."""

import json

from demo.watching import documents

OBJECTS = [{"kind": "A", "text": "}{"}, {"kind": "B", "nested": {"x": [1, 2]}}]
STREAM = "\n".join(json.dumps(each, indent=4) for each in OBJECTS) + "\n"


def test_objects_come_out_however_the_stream_is_cut() -> None:
    for size in range(1, len(STREAM) + 1):
        chunks = [STREAM[start : start + size] for start in range(0, len(STREAM), size)]
        assert list(documents(iter(chunks))) == OBJECTS


def test_a_pause_is_passed_on() -> None:
    assert list(documents(iter([STREAM[:10], None, STREAM[10:]]))) == [None, *OBJECTS]
