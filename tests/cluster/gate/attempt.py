"""An attempt to walk around the gate, and its legal twin: the same request but for one fact."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from cluster.gate.scene import Scene
from cluster.person import RefusedError

Facts = dict[str, Any]


@dataclass(frozen=True)
class Attempt:
    """A row of the table: what is done, the one fact that makes it illegal, and what the answer must say.

    `says` is a part of the answer; {ns}, {name} and {digest} in it are those of the scene.
    """

    id: str
    action: Callable[..., object]
    illegal: Facts
    legal: Facts
    says: str
    given: Facts = field(default_factory=dict)

    def __post_init__(self) -> None:
        if len(self.illegal) != 1 or self.illegal.keys() != self.legal.keys() or self.illegal == self.legal:
            raise ValueError(f"{self.id}: the twin must differ in the value of exactly one fact")

    def is_refused(self, scene: Scene) -> None:
        """Does what is illegal; AssertionError unless it is refused in the right words."""
        with pytest.raises(RefusedError) as caught:
            self.action(scene, **self.given, **self.illegal)
        wanted = self.says.format(ns=scene.namespace, name=scene.name, digest=scene.offered)
        assert re.search(re.escape(wanted), caught.value.message), caught.value.message

    def twin_works(self, scene: Scene) -> None:
        """Does the legal twin; RefusedError if the gate is too strict."""
        self.action(scene, **self.given, **self.legal)
