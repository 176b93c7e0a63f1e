"""The front door to connections: connect an account, use its token, remove it."""

from integrations.connecting import Refused, begin, complete
from integrations.deauthorization import deauthorize
from integrations.errors import ConnectionUnusable, ProviderError
from integrations.removal import remove
from integrations.tokens import access_token, call_with_token, note_failure, note_success

__all__ = [
    "ConnectionUnusable",
    "ProviderError",
    "Refused",
    "access_token",
    "begin",
    "call_with_token",
    "complete",
    "deauthorize",
    "note_failure",
    "note_success",
    "remove",
]
