"""Servers to fetch from, and a worker that doesn't wait between attempts."""

import ssl
import subprocess
from pathlib import Path

import pytest

from modelreuse.worker import Places
from modelreuse.worker.schemes import storage


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A certificate of `localhost` that is its own authority, and its key."""
    folder = tmp_path_factory.mktemp("tls")
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
         "-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1",
         "-out", certificate, "-keyout", key],
        check=True, capture_output=True,
    )  # fmt: skip
    return certificate, key


@pytest.fixture(scope="session")
def server_context(certificate: tuple[Path, Path]) -> ssl.SSLContext:
    """What a server of that name speaks TLS with."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    return context


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """As many attempts as ever, one right after the other."""
    monkeypatch.setattr(storage, "PAUSES", (0.0,) * len(storage.PAUSES))


@pytest.fixture
def places(tmp_path: Path) -> Places:
    """A scratch folder of one mebibyte."""
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    return Places(claims_root=tmp_path / "pvc", scratch=scratch, scratch_limit=2**20)
