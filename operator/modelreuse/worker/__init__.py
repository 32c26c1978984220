"""The program in assessment and verification pods, and the same code on a desk.

A task comes in as JSON, a summary of at most 4,096 bytes goes out; between them lie one forward pass over each data
set and, if asked for, a few timed training steps on a throwaway copy. Everything that can be wrong with what a person
named ends as a `TaskError`: a reason code and one sentence that begins with the field of the check.

This package must not know Kubernetes, nor what follows from its figures. Importing it is cheap: torch is loaded by the
modules that do the work.
"""

from modelreuse.worker.errors import TaskError
from modelreuse.worker.places import Places

__all__ = ["Places", "TaskError"]
