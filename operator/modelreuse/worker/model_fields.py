"""Which fields of the check errors name, where a candidate decides."""

from dataclasses import dataclass, replace

from modelreuse.api import ModelSource

_SHARED_REFERENCE = "spec.data.reference.uri"


def reference_field(model: ModelSource) -> str:
    """Where the reference of a candidate stands: its own, or that of all."""
    return _SHARED_REFERENCE if model.reference is None else ModelFields.of_candidate(model.name).reference


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
