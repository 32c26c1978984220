"""The example of a TrainJob becomes one."""

from pathlib import Path
from typing import Any

import yaml

from modelreuse.api import ModelReuseCheck
from modelreuse.manifests import DIGEST_PLACEHOLDER, KINDS, JobTemplate, kind_of, render_retraining, training_plan
from unit.manifests.checks import cost, inputs

FOLDER = Path(__file__).parents[3] / "examples/trainjob"


def read(name: str) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((FOLDER / name).read_text())
    return found


def test_it_is_rendered_for_the_runtime_beside_it() -> None:
    served, runtime = read("check.yaml"), read("runtime.yaml")
    served["metadata"]["uid"] = "u"
    check = ModelReuseCheck.parse(served)
    assert check.spec.retraining is not None
    asked = check.spec.retraining.object_template or {}
    reference = KINDS["TrainJob"].refers_to(asked)
    assert reference is not None
    assert (reference.kind, reference.name) == (runtime["kind"], runtime["metadata"]["name"])
    kept = JobTemplate("TrainingRuntime vision: spec", runtime["spec"])
    template = JobTemplate("spec.retraining.objectTemplate", asked, kind_of(asked).name, refers_to=kept)
    plan = training_plan(check, cost(), layers=[], target=0.9, digest=DIGEST_PLACEHOLDER)
    rendered = render_retraining(check, template, plan, inputs(), hours_high=1.0)
    assert rendered.launched["metadata"]["labels"]["kueue.x-k8s.io/queue-name"] == "gpus"
    assert [each["name"] for each in rendered.pod["initContainers"]] == ["modelreuse-inputs"]
    node = rendered.pod["containers"][0]
    assert (node["command"], "nvidia.com/gpu" in node["resources"]["limits"]) == (
        ["python", "-m", "vision.retrain"],
        True,
    )
