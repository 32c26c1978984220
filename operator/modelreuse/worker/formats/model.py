"""What every model format gives, and which fields of the check its errors name."""

from dataclasses import dataclass, replace

from torch import nn


@dataclass(frozen=True)
class LoadedModel:
    """A module ready to run, on the CPU unless its format put it elsewhere."""

    module: nn.Module
    format: str
    """TorchExport, Safetensors or HuggingFace."""


@dataclass(frozen=True)
class ModelFields:
    """Where in the check a model's parts stand."""

    uri: str
    factory: str
    layers: str
    reference: str

    @staticmethod
    def of_candidate(name: str) -> "ModelFields":
        """A model of `spec.models`."""
        at = f"spec.models[name={name}]"
        return ModelFields(
            uri=f"{at}.uri", factory=f"{at}.factory", layers=f"{at}.layers", reference=f"{at}.reference.uri"
        )

    @staticmethod
    def of_artifact(name: str) -> "ModelFields":
        """What a retraining of the model made."""
        at = ModelFields.of_candidate(name)
        return replace(at, uri="status.retraining.artifactUri")
