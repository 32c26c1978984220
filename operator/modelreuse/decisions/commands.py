"""What a person can type next: complete commands at the end of messages, never cut off."""

from modelreuse.api import ModelReuseCheck, ModelReuseCheckStatus, shortened
from modelreuse.api.names import APPROVE, ASSESS
from modelreuse.api.types import MAX_TEXT


def to_approve(check: ModelReuseCheck, digest: str) -> str:
    """Approves exactly this offer."""
    return f"approve: {_annotate(check, APPROVE, digest)}"


def to_assess_again(check: ModelReuseCheck, status: ModelReuseCheckStatus) -> str:
    """Assesses again. The token is made from the nonce: it differs from that of any earlier assessment."""
    token = f"after-{status.nonce}"[:14]
    return f"assess again: {_annotate(check, ASSESS, token)}"


def ending_with(command: str, message: str) -> str:
    """The message, shortened where the command would not fit behind it."""
    return f"{shortened(message, MAX_TEXT - len(command) - 2)}; {command}"


def _annotate(check: ModelReuseCheck, annotation: str, value: str) -> str:
    meta = check.metadata
    return f"kubectl annotate modelreusecheck {meta.name} -n {meta.namespace} --overwrite {annotation}={value}"
