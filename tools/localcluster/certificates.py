"""A certificate authority of one cluster, kept in files and worked by the `openssl` command.

Python's standard library can't sign certificates, and one small command line beats a dependency. Keys are P-256: made
in milliseconds. A pair that exists is reused; a pair is written under a temporary name and renamed, so a half-made
one is never seen.
"""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from localcluster.errors import ClusterError

_DAYS = "3650"
_NEW_KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
_LONGEST_NAME = 64


@dataclass(frozen=True)
class Pair:
    """A private key and the certificate that belongs to it."""

    key: Path
    certificate: Path


def subject(common_name: str, organizations: Sequence[str]) -> str:
    """The distinguished name in openssl's notation, e.g. `/O=ml/CN=alice`; Kubernetes reads user from CN and groups
    from O.
    """
    for value in (common_name, *organizations):
        if not 0 < len(value) <= _LONGEST_NAME:
            raise ClusterError(f'"{value}": a name in a certificate has 1 to {_LONGEST_NAME} characters')
    parts = [*(("O", value) for value in organizations), ("CN", common_name)]
    return "".join(f"/{key}={_escaped(value)}" for key, value in parts)


def _escaped(value: str) -> str:
    return "".join(f"\\{character}" if character in "\\/+" else character for character in value)


def extensions(addresses: Sequence[str], names: Sequence[str]) -> str:
    """The extension section of an end-entity certificate; with addresses or names it may also serve under those."""
    alternatives = [*(f"IP:{address}" for address in addresses), *(f"DNS:{name}" for name in names)]
    usages = ["clientAuth", *(["serverAuth"] if alternatives else [])]
    lines = [
        "basicConstraints=critical,CA:FALSE",
        "keyUsage=critical,digitalSignature",
        f"extendedKeyUsage={','.join(usages)}",
    ]
    if alternatives:
        lines.append(f"subjectAltName={','.join(alternatives)}")
    return "\n".join(lines) + "\n"


class Authority:
    """The authority whose files lie in one folder; made on first use."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.root = self._ensure("ca", self._make_root)

    def issue(
        self,
        file_name: str,
        common_name: str,
        organizations: Sequence[str] = (),
        *,
        addresses: Sequence[str] = (),
        names: Sequence[str] = (),
    ) -> Pair:
        """The pair of this file name, made if it doesn't exist; `addresses` and `names` are those that it may serve
        under.
        """
        asked = subject(common_name, organizations)

        def make(folder: Path) -> None:
            extension_file = folder / "extensions"
            extension_file.write_text(extensions(addresses, names))
            request = ["req", "-new", "-utf8", *_NEW_KEY, "-keyout", "key", "-out", "request", "-subj", asked]
            _openssl(folder, request)
            authority = ["-CA", str(self.root.certificate), "-CAkey", str(self.root.key)]
            serial = ["-set_serial", str(int.from_bytes(os.urandom(15), "big"))]
            signing = ["x509", "-req", "-in", "request", *authority, *serial, "-days", _DAYS, "-sha256"]
            _openssl(folder, [*signing, "-extfile", "extensions", "-out", "certificate"])

        return self._ensure(file_name, make)

    def signing_key(self, file_name: str) -> Pair:
        """A key with its public half in place of a certificate, for service account tokens."""

        def make(folder: Path) -> None:
            _openssl(folder, ["genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-out", "key"])
            _openssl(folder, ["pkey", "-in", "key", "-pubout", "-out", "certificate"])

        return self._ensure(file_name, make)

    def _make_root(self, folder: Path) -> None:
        usage = ["-addext", "basicConstraints=critical,CA:TRUE", "-addext", "keyUsage=critical,keyCertSign,cRLSign"]
        _openssl(
            folder,
            [
                "req",
                "-x509",
                *_NEW_KEY,
                "-days",
                _DAYS,
                "-subj",
                "/CN=local-cluster",
                *usage,
                "-keyout",
                "key",
                "-out",
                "certificate",
            ],
        )

    def _ensure(self, file_name: str, make: Callable[[Path], None]) -> Pair:
        target = self.folder / file_name
        if not target.is_dir():
            partial = Path(tempfile.mkdtemp(prefix=".partial-", dir=self.folder))
            make(partial)
            try:
                partial.rename(target)
            except OSError:  # somebody asked for the same pair in the meantime; theirs is as good
                shutil.rmtree(partial)
        return Pair(target / "key", target / "certificate")


def _openssl(folder: Path, arguments: list[str]) -> None:
    result = subprocess.run(
        ["openssl", *arguments], cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    if result.returncode != 0:
        raise ClusterError(f"openssl {arguments[0]} failed: {result.stderr.strip()}")
