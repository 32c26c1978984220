"""The running operator: it watches, observes, asks `decisions.plan` what follows, and carries that out.

No rule lives here. What it must never do: decide, write anything that no plan asked for, or keep state that a restart
would lose with harm. `python -m modelreuse.controller` starts it.
"""
