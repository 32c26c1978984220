"""Model Reuse Operator: what adapting a model to new data would cost, before anyone pays for it."""

__version__ = "0.1.0"
