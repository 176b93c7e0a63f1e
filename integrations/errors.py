"""The one error that crosses from a provider into the rest of the product."""

from __future__ import annotations

from datetime import datetime


class ProviderError(Exception):
    """A call to a provider did not do what was asked. ``str()`` of it is a sentence fit to show to an organizer."""

    def __init__(
        self,
        message: str,
        *,
        retryable: bool = False,
        retry_at: datetime | None = None,
        status: int | None = None,
        code: str = "",
        in_doubt: bool = False,
        unauthorized: bool = False,
    ) -> None:
        """Say what happened.

        ``retryable``: the same call may succeed later, by itself; ``retry_at``: not before then (aware, UTC).
        ``status``: the HTTP status, None when there was no answer; ``code``: the vendor's own code or reason.
        ``in_doubt``: the provider may have carried the call out although we did not see it.
        ``unauthorized``: the access token was refused (HTTP 401).
        """
        super().__init__(message)
        self.message = message
        self.retryable = retryable
        self.retry_at = retry_at
        self.status = status
        self.code = code
        self.in_doubt = in_doubt
        self.unauthorized = unauthorized

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.message!r}, status={self.status}, code={self.code!r})"


class MeetingGone(ProviderError):
    """The meeting no longer exists at the provider: its host deleted it."""


class DailyLimitReached(ProviderError):
    """The host's meetings of this UTC day are used up: none is made or changed before ``retry_at``."""


class ConnectionUnusable(ProviderError):
    """The connection cannot be used until the organizer connects again."""
