"""What containers ask for, as budgets and predictions count it: CPU cores and accelerators.

One reading for a template and for the pod that is made of it: what is reserved must be what is charged.
"""

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

Json = Mapping[str, Any]

_ACCELERATOR = re.compile(r".+/(gpu([.-].*)?|mig-.*)")


def cores_of(containers: Sequence[Json]) -> float:
    """CPU limits, or requests, of all containers together; 1 where none says anything."""
    given = [value for container in containers if (value := _resource(container, "cpu")) is not None]
    return float(sum(cpu_quantity(value) for value in given)) or 1.0


def accelerators_of(containers: Sequence[Json]) -> int:
    """Accelerators of all containers together; a MIG slice counts as one."""
    return sum(_accelerators(container) for container in containers)


def cpu_quantity(text: str) -> Decimal:
    """Cores of a Kubernetes quantity such as `500m`, `2` or `1.5`. Raises ValueError for anything else."""
    scale = {"m": Decimal("1e-3"), "u": Decimal("1e-6"), "n": Decimal("1e-9"), "k": Decimal(1000)}
    try:
        if text[-1:] in scale:
            return Decimal(text[:-1]) * scale[text[-1]]
        return Decimal(text)
    except InvalidOperation:
        raise ValueError(f"{text!r} is not a quantity of CPU, as in 500m") from None


def _resource(container: Json, name: str) -> str | None:
    resources = container.get("resources") or {}
    value = (resources.get("limits") or {}).get(name) or (resources.get("requests") or {}).get(name)
    return None if value is None else str(value)


def _accelerators(container: Json) -> int:
    limits = (container.get("resources") or {}).get("limits") or {}
    return sum(int(value) for name, value in limits.items() if _ACCELERATOR.fullmatch(name))
