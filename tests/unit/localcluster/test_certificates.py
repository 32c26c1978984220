"""Who a certificate says its holder is."""

import subprocess
from pathlib import Path

import pytest

from localcluster.certificates import Authority, extensions, subject
from localcluster.errors import ClusterError


def described(certificate: Path, *what: str) -> str:
    command = ["openssl", "x509", "-in", str(certificate), "-noout", *what]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def test_user_and_groups_stand_in_the_subject() -> None:
    assert subject("alice", ["ml", "platform"]) == "/O=ml/O=platform/CN=alice"


def test_separators_in_names_are_escaped() -> None:
    assert subject("a/b+c\\d", []) == "/CN=a\\/b\\+c\\\\d"


@pytest.mark.parametrize("name", ["", "x" * 65])
def test_a_name_that_no_certificate_can_hold_is_refused(name: str) -> None:
    with pytest.raises(ClusterError, match="1 to 64 characters"):
        subject(name, [])


def test_only_who_has_an_address_may_serve() -> None:
    assert "serverAuth" not in extensions([], [])
    assert "subjectAltName=IP:127.0.0.1,DNS:localhost" in extensions(["127.0.0.1"], ["localhost"])


def test_an_issued_certificate_names_its_holder_and_is_the_authoritys(tmp_path: Path) -> None:
    authority = Authority(tmp_path / "certificates")
    pair = authority.issue("alice", "alice/x@example.org", ["ml", "système"])
    shown = described(pair.certificate, "-subject", "-nameopt", "multiline,utf8,-esc_msb")
    assert [line.split("= ")[1] for line in shown.splitlines()[1:]] == ["ml", "système", "alice/x@example.org"]
    command = ["openssl", "verify", "-CAfile", str(authority.root.certificate), str(pair.certificate)]
    assert subprocess.run(command, capture_output=True, check=False).returncode == 0


def test_what_was_issued_is_reused(tmp_path: Path) -> None:
    first = Authority(tmp_path).issue("alice", "alice").certificate.read_bytes()
    assert Authority(tmp_path).issue("alice", "alice").certificate.read_bytes() == first


def test_keys_are_private(tmp_path: Path) -> None:
    authority = Authority(tmp_path / "certificates")
    assert authority.folder.stat().st_mode & 0o077 == 0
