"""What training code imports to fulfil the training contract, in three lines, whatever framework it uses.

    from modelreuse import training

    run = training.start()                       # reads the plan, starts the meter
    ...                                          # run.plan, run.resolve(uri), run.step(len(batch)) per optimiser step
    run.finish(path, target_reached=True)        # hashes the artefact, writes the result

or, so that the meter stops also where the training fails:

    with training.start() as run:
        ...
        run.finish(path, target_reached=accuracy >= float(run.plan.target))

A pilot is the same with fewer steps: a loop that ends where `run.steps_left` is 0, and tells the quality by
`run.evaluated(quality)` where `run.is_asked`, needs to know no more of it.

Nothing is written before `finish`: a training that crashed has no result, and none is made up for it. This package
must not import torch, and must not know who reads the result.
"""

from modelreuse.training.errors import TrainingError
from modelreuse.training.run import Run, start

__all__ = ["Run", "TrainingError", "start"]
