"""Real retrainings, so that predictions of their cost can be fitted and judged.

A setting is a data set, a variant (architecture and recipe), a shift of some severity, a seed, a target and a number of
samples; each is adapted in three ways (arms). `grid` says which settings are run, `split` which of them no development
may see, `store` keeps what came out. Nothing here predicts, and nothing that predicts may import more of this package
than `study.records`.
"""
