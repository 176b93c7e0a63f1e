"""The front door to connections: connect an account, use its token, remove it."""

from integrations.connecting import Refused, begin, complete
from integrations.deauthorization import deauthorize
from integrations.errors import ConnectionUnusable, ProviderError
from integrations.removal import remove
from integrations.tokens import call_with_token, note_failure, note_success, with_valid_token

__all__ = [
    "ConnectionUnusable",
    "ProviderError",
    "Refused",
    "begin",
    "call_with_token",
    "complete",
    "deauthorize",
    "note_failure",
    "note_success",
    "remove",
    "with_valid_token",
]
