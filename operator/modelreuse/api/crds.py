"""The CustomResourceDefinitions and the JSON schemas of the contracts, generated from the models."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel

from modelreuse.api.check import ModelReuseCheck
from modelreuse.api.contracts import (
    AssessmentSummary,
    AssessmentTask,
    InputsSummary,
    InputsTask,
    TrainingPlan,
    TrainingResult,
    VerificationSummary,
    VerificationTask,
)
from modelreuse.api.names import GROUP, VERSION
from modelreuse.api.policy import RetrainPolicy
from modelreuse.api.profile import CostProfile
from modelreuse.api.record import RetrainingRecord
from modelreuse.api.report import AssessmentReport
from modelreuse.api.schema import structural_schema

CONTRACTS: tuple[type[BaseModel], ...] = (
    AssessmentTask,
    AssessmentSummary,
    AssessmentReport,
    VerificationTask,
    VerificationSummary,
    InputsTask,
    InputsSummary,
    TrainingPlan,
    TrainingResult,
)


@dataclass(frozen=True)
class Resource:
    """What a CustomResourceDefinition says beyond the model."""

    model: type[BaseModel]
    plural: str
    short_name: str
    namespaced: bool
    status: bool
    columns: tuple[tuple[str, str, str, int], ...]
    """Printer columns: name, type, JSON path, priority (0 is always shown)."""


def _condition(kind: str) -> str:
    return f'.status.conditions[?(@.type=="{kind}")].status'


RESOURCES = (
    Resource(
        ModelReuseCheck,
        "modelreusechecks",
        "mrc",
        namespaced=True,
        status=True,
        columns=(
            ("Recommendation", "string", ".status.recommendation.action", 0),
            ("Energy", "string", ".status.summary.energy", 0),
            ("Carbon", "string", ".status.summary.carbon", 0),
            ("Approved", "string", _condition("Approved"), 0),
            ("Ready", "string", _condition("Ready"), 0),
            ("Age", "date", ".metadata.creationTimestamp", 0),
            ("Reason", "string", '.status.conditions[?(@.type=="Ready")].reason', 1),
            ("Pilot", "integer", ".status.pilot.steps", 1),
        ),
    ),
    Resource(
        RetrainPolicy,
        "retrainpolicies",
        "rtp",
        namespaced=False,
        status=True,
        columns=(
            ("Profile", "string", ".spec.costProfile", 0),
            ("Valid For", "string", ".spec.approval.validFor", 0),
            ("Age", "date", ".metadata.creationTimestamp", 0),
            ("Window", "string", ".spec.budget.window", 1),
            ("kWh", "string", ".spec.budget.energyKwh", 1),
        ),
    ),
    Resource(
        CostProfile,
        "costprofiles",
        "cprof",
        namespaced=False,
        status=True,
        columns=(
            ("Zone", "string", ".spec.grid.zone", 0),
            ("gCO2e/kWh", "string", ".spec.grid.locationGramsPerKwh", 0),
            ("PUE", "string", ".spec.pue", 0),
            ("Calibrated", "string", _condition("Calibrated"), 0),
            ("Age", "date", ".metadata.creationTimestamp", 0),
            ("Factor", "string", ".status.medianFactor", 1),
            ("Coverage", "string", ".status.coverage", 1),
            ("Last Day", "string", ".status.electricityMaps.reading.gramsPerKwh", 1),
        ),
    ),
    Resource(
        RetrainingRecord,
        "retrainingrecords",
        "rtr",
        namespaced=True,
        status=False,
        columns=(
            ("Action", "string", ".spec.action", 0),
            ("Model", "string", ".spec.model", 0),
            ("Result", "string", ".outcome.result", 0),
            ("Steps", "integer", ".outcome.steps", 0),
            ("Approved By", "string", ".spec.approval.approvedBy", 0),
            ("Age", "date", ".metadata.creationTimestamp", 0),
            ("Pilot", "integer", ".spec.pilot.steps", 1),
        ),
    ),
)


def definition(resource: Resource) -> dict[str, Any]:
    """The CustomResourceDefinition of one kind."""
    kind = resource.model.__name__
    schema = structural_schema(resource.model)
    properties = schema["properties"]
    properties["apiVersion"] = {"type": "string"}
    properties["kind"] = {"type": "string"}
    properties["metadata"] = {"type": "object"}
    schema["required"] = ["spec"]
    if resource.status:
        properties["status"].pop("default", None)
    version: dict[str, Any] = {
        "name": VERSION,
        "served": True,
        "storage": True,
        "schema": {"openAPIV3Schema": schema},
        "additionalPrinterColumns": [
            {"name": name, "type": type_, "jsonPath": path, **({"priority": priority} if priority else {})}
            for name, type_, path, priority in resource.columns
        ],
    }
    if resource.status:
        version["subresources"] = {"status": {}}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{resource.plural}.{GROUP}"},
        "spec": {
            "group": GROUP,
            "names": {
                "kind": kind,
                "listKind": f"{kind}List",
                "plural": resource.plural,
                "singular": kind.lower(),
                "shortNames": [resource.short_name],
                "categories": ["modelreuse"],
            },
            "scope": "Namespaced" if resource.namespaced else "Cluster",
            "versions": [version],
        },
    }


class _WithoutAliases(yaml.SafeDumper):
    """Writes shared parts out: a reader of a CRD should not have to look up `*id001`."""

    def ignore_aliases(self, data: object) -> bool:  # noqa: ARG002
        return True


def generated_files() -> dict[str, str]:
    """Every generated file by its path from the project's root."""
    files = {}
    for resource in RESOURCES:
        text = yaml.dump(definition(resource), Dumper=_WithoutAliases, sort_keys=False, width=120, allow_unicode=True)
        files[f"crds/{resource.plural}.yaml"] = (
            "# Generated by `make generate`; edit operator/modelreuse/api instead.\n" + text
        )
    for contract in CONTRACTS:
        schema = {
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            **contract.model_json_schema(by_alias=True, mode="validation"),
        }
        files[f"docs/reference/{contract.__name__}.schema.json"] = json.dumps(schema, indent=2) + "\n"
    return files


def write_generated(root: Path) -> None:
    """Writes every generated file below `root`."""
    for name, text in generated_files().items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def stale_files(root: Path) -> list[str]:
    """The generated files below `root` that differ from what the models say."""
    return [
        name
        for name, text in generated_files().items()
        if not (root / name).is_file() or (root / name).read_text() != text
    ]
