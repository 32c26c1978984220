"""Plays the whole flow on a real cluster, as three people, and says what each of them types.

The player knows kubectl and the example's files, nothing of the operator's code: what it shows is what any user sees.
"""
