"""Stamps as they stand on a check, and whether the mutating policies write them."""

from cluster.gate import objects
from cluster.gate.scene import Scene
from cluster.person import Object, RefusedError

PREFIX = "modelreuse.io/"


def stamps(check: Object) -> dict[str, str]:
    """The stamps by their short names."""
    annotations = check["metadata"].get("annotations", {})
    return {key.removeprefix(PREFIX): value for key, value in annotations.items() if "-by" in key}


def without(check: Object, *names: str) -> Object:
    """The check as a repository has it: without these annotations of ours, or without any where none is named."""
    annotations = {
        key: value
        for key, value in check["metadata"]["annotations"].items()
        if names and key.removeprefix(PREFIX) not in names
    }
    return check | {"metadata": check["metadata"] | {"annotations": annotations}}


def stamping_works(scene: Scene) -> bool:
    """Whether checks, imports and dropped rejections are stamped now."""
    try:
        scene["ivan"].create(objects.record(scene.namespace, scene.name, "Imported"), dryRun="All")
        check = scene.check()
        scene.offer(check)
        rejected = scene["carol"].annotate(check, reject=scene.offered)
        return "rejected-by" in stamps(scene["bob"].replace(without(rejected)))
    except RefusedError:
        return False
