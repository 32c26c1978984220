"""Where things lie on this machine: the only facts in which a pod and a desk differ."""

import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from modelreuse.api.names import (
    CLAIMS_ROOT,
    CLAIMS_ROOT_ENV,
    SCRATCH_LIMIT_ENV,
    TERMINATION_LOG,
    TERMINATION_LOG_ENV,
)
from modelreuse.api.scratch import SCRATCH_LIMIT_BYTES, scratch_limit


@dataclass(frozen=True)
class Places:
    """Folders by which URIs become paths.

    claims: folder of a PersistentVolumeClaim by its name; others lie in `claims_root`, one folder each.
    scratch: where downloads lie while they are used, at most `scratch_limit` bytes of them together.
    """

    claims_root: Path = Path(CLAIMS_ROOT)
    claims: Mapping[str, Path] = field(default_factory=dict)
    termination_log: Path = Path(TERMINATION_LOG)
    scratch: Path = field(default_factory=lambda: Path(tempfile.gettempdir()))
    scratch_limit: int = SCRATCH_LIMIT_BYTES

    @staticmethod
    def of_environment(environment: Mapping[str, str] = os.environ) -> "Places":
        """The places of a pod."""
        return Places(
            claims_root=Path(environment.get(CLAIMS_ROOT_ENV) or CLAIMS_ROOT),
            termination_log=Path(environment.get(TERMINATION_LOG_ENV) or TERMINATION_LOG),
            scratch_limit=scratch_limit(environment.get(SCRATCH_LIMIT_ENV, "")),
        )

    def claim(self, name: str) -> Path:
        """The folder that stands for the claim."""
        return self.claims.get(name, self.claims_root / name)
