"""Where the demo finds things and leaves things."""

import shutil
from pathlib import Path
from typing import Final

CHECKOUT: Final = Path(__file__).resolve().parent.parent.parent
EXAMPLE: Final = Path("examples/mnist")
CHART: Final = Path("charts/model-reuse-operator/templates")
CRDS: Final = Path("crds")
RESULTS: Final = Path("build/demo")
"""All relative to the checkout, which is the working folder: the commands that are shown are typed there."""

APPLIED: Final = RESULTS / "apply"
CLAIMS: Final = ("models", "data", "code", "candidates")
NAMESPACE: Final = "line7"
HISTORY: Final = "model-history"
CHECK: Final = "digits"

_OPERATOR: Final = "localhost/model-reuse-operator/operator:dev"
_WORKER: Final = "localhost/model-reuse-operator/worker:dev"


def lay_out(operator_image: str, worker_image: str) -> None:
    """Copies of the manifests that name an image, with the images that were built."""
    shutil.rmtree(APPLIED, ignore_errors=True)
    for source in (*sorted(CHART.glob("*.yaml")), EXAMPLE / "check.yaml"):
        target = (APPLIED / "operator" if source.parent == CHART else APPLIED) / source.name
        target.parent.mkdir(parents=True, exist_ok=True)
        text = source.read_text().replace(_OPERATOR, operator_image).replace(_WORKER, worker_image)
        target.write_text(text)
