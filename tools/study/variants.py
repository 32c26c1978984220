"""Architecture and recipe together, and which layers its fine-tuning trains.

Every recipe serves two architectures, and three architectures are trained by two recipes, so that neither can pass
for the other.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from study.recipes import RECIPES, Recipe


@dataclass(frozen=True)
class Variant:
    """architecture: a key of ARCHITECTURES. suffix: modules that fine-tuning trains, the rest stays as it is."""

    architecture: str
    recipe: Recipe
    suffix: tuple[str, ...]

    @property
    def name(self) -> str:
        """Architecture and recipe, as records name them."""
        return f"{self.architecture}.{self.recipe.name}"


VARIANTS: Final[Mapping[str, Variant]] = MappingProxyType(
    {
        variant.name: variant
        for variant in (
            Variant("mlp-small", RECIPES["adam"], ("head",)),
            Variant("cnn", RECIPES["adam"], ("hidden", "head")),
            Variant("mlp-large", RECIPES["sgd"], ("body.3", "head")),
            Variant("cnn", RECIPES["sgd"], ("head",)),
            Variant("mlp-large", RECIPES["adam-slow"], ("head",)),
            Variant("cnn-bn", RECIPES["adam-slow"], ("third", "head")),
            Variant("cnn-bn", RECIPES["adamw-cosine"], ("head",)),
            Variant("vit", RECIPES["adamw-cosine"], ("second", "norm", "head")),
        )
    }
)
