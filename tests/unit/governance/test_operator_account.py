"""What the operator's account may not do, and where its pod has the one secret that it knows."""

from pathlib import Path
from typing import Any

import yaml

TEMPLATES = Path(__file__).parents[3] / "charts/model-reuse-operator/templates"


def shipped(name: str, kind: str) -> dict[str, Any]:
    documents = yaml.safe_load_all((TEMPLATES / name).read_text())
    found: dict[str, Any] = next(each for each in documents if each["kind"] == kind)
    return found


def test_it_may_not_read_secrets() -> None:
    granted = {name for rule in shipped("operator-account.yaml", "ClusterRole")["rules"] for name in rule["resources"]}
    assert granted.isdisjoint({"secrets", "*"})


def test_its_pod_looks_for_the_key_where_the_optional_secret_is_mounted() -> None:
    pod = shipped("operator-deployment.yaml", "Deployment")["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    (volume,) = (each["secret"] for each in pod["volumes"] if each["name"] == "electricity-maps")
    (mount,) = (each for each in container["volumeMounts"] if each["name"] == "electricity-maps")
    told = {each["name"]: each["value"] for each in container["env"]}
    (item,) = volume["items"]
    assert told["MODELREUSE_ELECTRICITY_MAPS_KEY_FILE"] == f"{mount['mountPath']}/{item['path']}"
    assert volume["optional"] is True
    assert "subPath" not in mount, "a Secret that comes later would not be seen"
