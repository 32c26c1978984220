"""The demo fails where the gate doesn't hold, and installs what it shows."""

import tarfile
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path

import pytest
import yaml

from demo import places
from demo.errors import DemoError
from demo.kubectl import Answer, Person
from demo.loader import packed, pod
from demo.narrator import Narrator
from demo.stages import ExistingStage, LocalStage, volumes
from demo.story import Story


@dataclass(frozen=True)
class Puppet(Person):
    """Somebody whose every command is answered alike."""

    answer: Answer = field(default_factory=lambda: Answer(True, "annotated"))
    typed: list[tuple[str, ...]] = field(default_factory=list)

    def quietly(self, *arguments: str, stdin: bytes = b"") -> Answer:
        self.typed.append(arguments)
        return self.answer


@pytest.fixture(autouse=True)
def _in_the_checkout(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(places.CHECKOUT)


@pytest.fixture
def story() -> Story:
    narrator = Narrator()
    return Story(LocalStage("demo", narrator), narrator)


def test_an_outsider_who_may_approve_ends_the_demo(story: Story) -> None:
    with pytest.raises(DemoError, match="mallory was allowed to approve"):
        story._refuse(Puppet("mallory", (), story.narrator), "sha256:1", "Mallory tries")


def test_a_refusal_is_shown_with_the_command_that_provoked_it(story: Story, capsys: pytest.CaptureFixture[str]) -> None:
    mallory = Puppet("mallory", ("--kubeconfig", "m"), story.narrator, Answer(False, "Forbidden: may not"))
    story._refuse(mallory, "sha256:1", "Mallory tries")
    shown = capsys.readouterr().out
    assert "$ kubectl --kubeconfig m annotate -n line7 mrc digits modelreuse.io/approve=sha256:1\n" in shown
    assert "  Forbidden: may not\n" in shown


def test_a_command_that_fails_ends_the_demo(story: Story) -> None:
    grace = Puppet("grace", (), story.narrator, Answer(False, "conflict"))
    with pytest.raises(DemoError, match=r"grace: kubectl annotate .* failed: conflict"):
        story._approve(grace, "sha256:1")


def test_the_images_that_were_built_are_in_what_is_applied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(places, "APPLIED", tmp_path / "apply")
    places.lay_out("registry/operator:1", "registry/worker:1")
    check = yaml.safe_load((tmp_path / "apply/check.yaml").read_text())
    trainer = check["spec"]["retraining"]["jobTemplate"]["spec"]["template"]["spec"]["containers"][0]
    deployment = yaml.safe_load((tmp_path / "apply/operator/operator-deployment.yaml").read_text())
    operator = deployment["spec"]["template"]["spec"]["containers"][0]
    environment = {each["name"]: each["value"] for each in operator["env"]}
    assert trainer["image"] == "registry/worker:1"
    assert operator["image"] == "registry/operator:1"
    assert environment["MODELREUSE_WORKER_IMAGE"] == "registry/worker:1"


def test_each_claim_has_a_volume_of_its_own() -> None:
    items = volumes(Path("/x"))["items"]
    claims = [
        claim["metadata"]["name"] for claim in yaml.safe_load_all(Path("examples/mnist/storage.yaml").read_text())
    ]
    assert [item["spec"]["claimRef"]["name"] for item in items] == claims
    assert [item["spec"]["hostPath"]["path"] for item in items] == [f"/x/{claim}" for claim in claims]


def test_the_loader_carries_the_files_that_the_check_names() -> None:
    with tarfile.open(fileobj=BytesIO(packed())) as archive:
        names = set(archive.getnames())
    assert {"models/current.safetensors", "data/line7.npz", "code/train.py", "code/vision/net.py"} <= names
    assert not [name for name in names if "__pycache__" in name]


def test_the_loader_needs_no_privilege() -> None:
    spec = pod("image")["spec"]
    assert spec["securityContext"]["runAsNonRoot"]
    assert spec["containers"][0]["securityContext"]["capabilities"] == {"drop": ["ALL"]}


def test_people_of_an_existing_cluster_are_impersonated() -> None:
    stage = ExistingStage("prod", None, Narrator())
    assert "--as=ada" in stage.person("ada").identity
    assert stage.person("admin").identity == ("--context", "prod")


def test_an_existing_cluster_needs_a_registry_unless_it_is_kind() -> None:
    with pytest.raises(DemoError, match="REGISTRY=HOST"):
        ExistingStage("prod", None, Narrator()).set_up()
