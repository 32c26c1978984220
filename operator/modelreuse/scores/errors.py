"""What can be wrong with a model or its data, one class per cause.

A caller shows `reason` (a CamelCase code, equal to the class name) and `str(error)` (one sentence that names the field
or the layer, the value, and what would be accepted) to the person who can mend it. This module must not know who that
is: whether the sentence ends in a condition, on a terminal or in a log is the caller's business.
"""

from __future__ import annotations


class ScoreError(Exception):
    """Base of everything that this package raises on purpose; `str()` of it is one sentence without a final newline."""

    @property
    def reason(self) -> str:
        """The cause as a CamelCase code for conditions and exit messages."""
        return type(self).__name__

    def within(self, where: str) -> ScoreError:
        """The same error with the place in front, for example the field of the specification that named the data."""
        return type(self)(f"{where}: {self}")


class EmptyData(ScoreError):  # noqa: N818 - the class name is the reason code
    """A data set without a single sample."""


class OneClass(ScoreError):  # noqa: N818
    """All samples belong to one class, so nothing can be told apart."""


class WrongShape(ScoreError):  # noqa: N818
    """A tensor has another shape than the scores are defined on, or two data sets disagree."""


class LabelsOutOfRange(ScoreError):  # noqa: N818
    """A label is not the index of one of the model's outputs."""


class LabelsNotIntegers(ScoreError):  # noqa: N818
    """Labels are not whole numbers."""


class UnknownLayer(ScoreError):  # noqa: N818
    """A layer was asked for that the model does not have, or that does not run."""


class HeadNotFound(ScoreError):  # noqa: N818
    """No layer's output is the model's output, so the embedding cannot be found without being told."""


class ActivationsNotFinite(ScoreError):  # noqa: N818
    """A layer's output holds NaN or infinity."""


class InputsNotFinite(ScoreError):  # noqa: N818
    """The data itself hold NaN or infinity."""


class InputsRejected(ScoreError):  # noqa: N818
    """The model's forward pass fails on the given inputs."""
