"""The table of components: what each level builds and installs."""

import pytest

from localcluster.components import (
    COMPONENTS,
    Level,
    components_of,
    debian_packages_of,
    required_version,
    version_flags,
)


def test_the_node_level_includes_the_control_plane() -> None:
    control_plane, node = ([each.name for each in components_of(level)] for level in Level)
    assert set(control_plane) < set(node)


def test_the_control_plane_waits_for_nothing_that_only_a_node_needs() -> None:
    levels = [component.level for component in COMPONENTS]
    assert levels == sorted(levels, key=[Level.CONTROL_PLANE, Level.NODE].index)


def test_the_control_plane_needs_no_package_that_only_a_node_needs() -> None:
    assert "libseccomp-dev" not in debian_packages_of(Level.CONTROL_PLANE)
    assert set(debian_packages_of(Level.CONTROL_PLANE)) < set(debian_packages_of(Level.NODE))


def test_no_binary_is_built_twice() -> None:
    names = [name for component in COMPONENTS for name in component.packages]
    assert len(names) == len(set(names))


def test_every_component_has_a_pinned_module() -> None:
    for component in COMPONENTS:
        go_mod = (component.folder / "go.mod").read_text()
        assert (component.folder / "go.sum").exists() or "require" not in go_mod


def test_only_runc_is_built_with_c() -> None:
    assert [component.name for component in COMPONENTS if component.cgo] == ["runc"]


def test_the_reported_version_is_the_one_that_go_mod_requires() -> None:
    assert (
        required_version("module m\n\nrequire (\n\tk8s.io/kubernetes v1.2.3\n\tother v9.9.9\n)\n", "k8s.io/kubernetes")
        == "v1.2.3"
    )
    assert "-X k8s.io/client-go/pkg/version.gitMinor=2" in version_flags("v1.2.3")


def test_a_module_that_go_mod_does_not_require_has_no_version() -> None:
    with pytest.raises(ValueError, match="requires no"):
        required_version("require k8s.io/kubernetes-other v1.2.3\n", "k8s.io/kubernetes")
