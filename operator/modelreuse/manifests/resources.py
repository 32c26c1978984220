"""What containers ask for, as budgets and predictions count it: CPU cores and accelerators.

One reading for a template and for the pod that is made of it: what is reserved must be what is charged.
"""

import re
from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

Json = Mapping[str, Any]

_ACCELERATOR = re.compile(r".+/(gpu([.-].*)?|mig-.*)")
_WHOLE = re.compile(r".+/gpu")
_CPU_SCALES = {"n": "1e-9", "u": "1e-6", "m": "1e-3", "k": "1e3", "M": "1e6", "Ki": "1024", "Mi": "1048576"}
_LEAST_CORES, _MOST_CORES = Decimal("1e-9"), Decimal("1e6")
"""Between which a container's share lies; less is rounded up, as Kubernetes does."""


def cores_of(pod: Json) -> float:
    """CPU limits, or requests, of a PodSpec as the scheduler adds them up; 1 where no container says anything."""
    return float(_at_once(pod, _cores)) or 1.0


def accelerators_of(pod: Json) -> int:
    """Accelerators of a PodSpec, likewise; a MIG slice counts as one."""
    return int(_at_once(pod, _accelerators))


def slices_of(pod: Json) -> bool:
    """Whether any accelerator of a PodSpec is a part of one, or shared with others, by the name of its resource."""
    containers = [*(pod.get("initContainers") or []), *(pod.get("containers") or [])]
    names = [name for each in containers for name in (each.get("resources") or {}).get("limits") or {}]
    return any(_ACCELERATOR.fullmatch(name) and not _WHOLE.fullmatch(name) for name in names)


def selector_of(pod: Json) -> Mapping[str, str]:
    """The nodeSelector of a PodSpec; one that can't be read selects nothing."""
    selector = pod.get("nodeSelector")
    return selector if isinstance(selector, Mapping) else {}


def without_cpu_limit(pod: Json) -> str | None:
    """The path of the first container that may use all of its node's CPUs; None where each has a limit."""
    for field in ("initContainers", "containers"):
        for index, container in enumerate(pod.get(field) or []):
            if "cpu" not in ((container.get("resources") or {}).get("limits") or {}):
                return f"{field}[{index}].resources.limits.cpu"
    return None


def _at_once(pod: Json, amount: Callable[[Json], Decimal]) -> Decimal:
    """The most that runs at one time: all containers with the sidecars, or one init container with those before it."""
    sidecars = most = Decimal(0)
    for container in pod.get("initContainers") or []:
        if container.get("restartPolicy") == "Always":
            sidecars += amount(container)
        else:
            most = max(most, sidecars + amount(container))
    return max(most, sidecars + sum((amount(each) for each in pod.get("containers") or []), Decimal(0)))


def cpu_quantity(text: str) -> Decimal:
    """Cores of a Kubernetes quantity such as `500m`, `2` or `1.5`. Raises ValueError for anything else."""
    unit = next((unit for unit in ("Ki", "Mi", *_CPU_SCALES) if text.endswith(unit)), "")
    try:
        cores = Decimal(text.removesuffix(unit)) * Decimal(_CPU_SCALES.get(unit, 1))
        if not 0 <= cores <= _MOST_CORES:
            raise ValueError(f"{text!r} is no number of CPU cores from 0 to {_MOST_CORES:f}")
    except InvalidOperation:
        raise ValueError(f"{text!r} is not a quantity of CPU, as in 500m") from None
    return max(cores, _LEAST_CORES) if cores else cores


def _cores(container: Json) -> Decimal:
    resources = container.get("resources") or {}
    value = (resources.get("limits") or {}).get("cpu") or (resources.get("requests") or {}).get("cpu")
    return Decimal(0) if value is None else cpu_quantity(str(value))


def _accelerators(container: Json) -> Decimal:
    limits = (container.get("resources") or {}).get("limits") or {}
    return Decimal(sum(int(value) for name, value in limits.items() if _ACCELERATOR.fullmatch(name)))
