"""Builds what is stale; nothing when nothing changed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from images import machine
from images.builder import Builder
from images.definitions import CHECKOUT, IMAGES, WORKER, Image, Inputs
from images.dependencies import exported, find_uv, uv_cache
from images.progress import say
from localcluster.locks import exclusive

TORCH_INDEX = "TORCH_INDEX_URL"


@dataclass(frozen=True)
class Wanted:
    """What the caller may choose. base: None is Debian with Python, made here."""

    images: Sequence[Image] = IMAGES
    base: str | None = None
    arguments: Mapping[str, str] = field(default_factory=dict)


def ensure(wanted: Wanted = Wanted()) -> dict[str, str]:
    """Build each wanted image unless it is there; returns full names by image.

    Raises ImagesError, and what `machine.prepare` raises.
    """
    uv = find_uv()
    builder = Builder(machine.store())
    with exclusive(builder.store / "lock", waiting_for="another build of images"):
        built = builder.layout.manifests()
        names = {}
        for image in wanted.images:
            inputs = _inputs(image, wanted, builder, uv)
            names[image.name] = inputs.full_name
            if inputs.full_name in built:
                say(f"{inputs.full_name} is up to date")
                continue
            machine.prepare()
            if wanted.base is None:
                builder.build_base()
            builder.build(inputs, uv, uv_cache(uv))
        builder.forget_all_but(names)
    return names


def _inputs(image: Image, wanted: Wanted, builder: Builder, uv: Path) -> Inputs:
    arguments = {key: value for key, value in wanted.arguments.items() if key != TORCH_INDEX or image == WORKER}
    requirements = exported(image, uv, own_torch=TORCH_INDEX in arguments)
    return Inputs.read(image, wanted.base or builder.base_name, requirements, arguments, CHECKOUT)
