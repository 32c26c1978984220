"""A check is read strictly, and what is wrong with it is told in one line that names the field."""

import pytest


def set_in(document: dict, path: str, value: object) -> None:
    *parents, last = [int(part) if part.isdigit() else part for part in path.split("/")]
    for part in parents:
        document = document[part]
    document[last] = value


@pytest.mark.parametrize(
    ("path", "value", "line"),
    [
        ("spec/models/0/uri", "s4://bucket/m.pt2", 'spec.models[0].uri: "s4://bucket/m.pt2": unknown scheme "s4"; known: file, pvc, s3, gs, https, hf'),  # noqa: E501
        ("spec/models/0/uri", "model.pt2", 'spec.models[0].uri: "model.pt2" is not a URI such as pvc://claim/path or file:///path'),
        ("spec/models/0/uri", "pvc://a/../b.pt2", "spec.models[0].uri: \"pvc://a/../b.pt2\": a path may not contain \"..\""),  # noqa: E501
        ("spec/models/0/uri", 5, "spec.models[0].uri: 5: input should be a valid string"),
        ("spec/models/0/nmae", "x", "spec.models[0].nmae: unknown field; did you mean name?"),
        ("spec/dat", {}, "spec.dat: unknown field; did you mean data?"),
        ("spec/zzz", {}, "spec.zzz: unknown field; known: assessment, code, data, models, objective, retraining, schedule, suspend, timeZone"),  # noqa: E501
        ("spec/data/new", {}, "spec.data.new.uri: is required"),
        ("spec/data/new", "pvc://data/x.npz", 'spec.data.new: "pvc://data/x.npz": must be a mapping of fields'),
        ("spec/models", {}, "spec.models: {}: must be a list"),
        ("spec/models", [], "spec.models: []: list should have at least 1 item after validation, not 0"),
        ("spec/data/transform", "prepare", 'spec.data.transform: "prepare" is not the name of a callable, package.module:function'),  # noqa: E501
        ("spec/objective", {"target": {"relative": 0.98}}, 'spec.objective.target.relative: 0.98 is not a decimal in quotes, as in "0.98"'),  # noqa: E501
        ("spec/objective", {"target": {}}, "spec.objective.target: exactly one of relative and absolute must be given"),
        ("spec", None, "spec: null: must be a mapping of fields"),
        ("metadata", {}, "metadata.name: is required"),
        ("apiVersion", "v1", 'apiVersion: "v1": must be modelreuse.io/v1alpha1'),
        ("extra", 1, "extra: unknown field; known: apiVersion, kind, metadata, spec, status"),
    ],
)  # fmt: skip
def test_a_mistake_is_told_in_one_line(assess, check, path, value, line):
    set_in(check, path, value)

    done = assess(check)

    assert (done.exit_code, done.stderr, done.stdout) == (2, f"{line}\n", "")


def test_a_misspelt_field_is_told_before_the_one_that_is_missing_for_it(assess, check):
    check["spec"]["modells"] = check["spec"].pop("models")

    assert assess(check).stderr == "spec.modells: unknown field; did you mean models? (and 1 more)\n"


def test_a_model_that_lacks_its_factory_is_told(assess, check):
    check["spec"]["models"][0]["uri"] = "pvc://models/m.safetensors"

    assert assess(check).stderr.startswith("spec.models[0].factory: a .safetensors file holds weights only")


def test_an_unknown_format_is_told(assess, check):
    check["spec"]["models"][0]["uri"] = "pvc://models/m.onnx"

    assert assess(check).stderr == (
        'spec.models[0].uri: "pvc://models/m.onnx": unknown format; known suffixes: .pt2, .safetensors; '
        "or a Hugging Face folder, with a / at its end\n"
    )


def test_more_mistakes_are_counted(assess, check):
    check["spec"]["models"][0]["uri"] = "x"
    check["spec"]["data"]["new"]["uri"] = "y"

    assert assess(check).stderr.endswith(" (and 1 more)\n")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "is no valid YAML"),
        ("a: 1\na: 2\n", "the key 'a' stands twice (line 2, column 1)"),
        ("", "holds no object of kind ModelReuseCheck"),
        ("[1, 2]", "holds no object of kind ModelReuseCheck"),
        ("kind: Job\n---\nkind: Pod\n", "holds no object of kind ModelReuseCheck, only Job, Pod"),
        ("kind: ModelReuseCheck\n---\nkind: ModelReuseCheck\n", "holds 2 objects of kind ModelReuseCheck; give one"),
        ("!!python/object/apply:os.abort []", "is no valid YAML"),
    ],
)
def test_a_file_that_holds_no_check_is_told(assess, text, words):
    done = assess(text)

    assert done.exit_code == 2
    assert words in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_missing_file_is_told():
    from click.testing import CliRunner

    from modelreuse.cli import main

    done = CliRunner().invoke(main, ["assess", "-f", "none.yaml"])

    assert (done.exit_code, done.stderr) == (2, "none.yaml: can't be read: No such file or directory\n")


def test_a_status_is_no_mistake(assess, check):
    check["status"] = {"conditions": "whatever the server wrote"}

    assert assess(check).exit_code == 0


def test_other_kinds_beside_the_check_are_passed_over(assess, check):
    import yaml

    text = yaml.safe_dump({"kind": "RetrainPolicy"}) + "---\n" + yaml.safe_dump(check)

    assert assess(text).exit_code == 0
