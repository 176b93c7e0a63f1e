"""One token request at a time for a connection, across threads, processes and machines.

A lease is two columns of the row, taken by a conditional UPDATE: no transaction stays open around HTTP.
"""

from __future__ import annotations

import random
import time
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _

from integrations.errors import ProviderError
from integrations.models import Connection

_REFUSED = "refused:"


@dataclass(frozen=True)
class Lease:
    """A lease that is ours. ``taken_from`` names a holder whose lease ran out before it was given back."""

    connection_id: int
    owner: str
    taken_from: str

    def waited_out(self, token_version: int) -> bool:
        """Whether a refusal of these very tokens has been waited out, as ``stand_back`` began it."""
        return self.taken_from == f"{_REFUSED}{token_version}"


def length() -> timedelta:
    """Longer than the two calls that are made under one lease may take together."""
    timeout = settings.PROVIDER_TIMEOUT_SECONDS
    return timedelta(seconds=2 * timeout + max(1.0, timeout / 2))


def take(connection_id: int) -> Lease | None:
    """The lease, or None while somebody else has it."""
    now = timezone.now()
    seen = Connection.objects.filter(pk=connection_id).values_list("lease_owner", "lease_until").first()
    if seen is None or _held(seen[0], seen[1], now):
        return None
    owner = uuid.uuid4().hex
    won = Connection.objects.filter(pk=connection_id, lease_owner=seen[0], lease_until=seen[1]).update(
        lease_owner=owner, lease_until=now + length()
    )
    return Lease(connection_id, owner, seen[0]) if won else None


def release(lease: Lease) -> None:
    """Give it back, if it is still ours."""
    Connection.objects.filter(pk=lease.connection_id, lease_owner=lease.owner).update(lease_owner="", lease_until=None)


def stand_back(lease: Lease, token_version: int) -> datetime:
    """Turn the lease into a pause of its own length, and return its end.

    After a takeover a refused refresh token may mean that the earlier holder is slow, not dead, and about to save the
    new pair. Nobody asks again until the pause is over; the next holder knows by ``Lease.waited_out``.
    """
    until = timezone.now() + length()
    Connection.objects.filter(pk=lease.connection_id, lease_owner=lease.owner).update(
        lease_owner=f"{_REFUSED}{token_version}", lease_until=until
    )
    return until


def pause_until(connection: Connection) -> datetime | None:
    """The end of such a pause, when one is on."""
    if connection.lease_owner.startswith(_REFUSED) and _held("x", connection.lease_until, timezone.now()):
        return connection.lease_until
    return None


def wait_for(connection_id: int) -> Lease:
    """The lease, waiting for it no longer than one call may take; ProviderError when it does not come free."""
    patience = Patience()
    while (lease := take(connection_id)) is None:
        patience.wait()
    return lease


class Patience:
    """Short, growing pauses with jitter, until one call's time is used up."""

    def __init__(self) -> None:
        self._until = time.monotonic() + settings.PROVIDER_TIMEOUT_SECONDS
        self._pause = 0.02

    def wait(self) -> None:
        """Sleep a little; raises ProviderError when that has been enough."""
        if time.monotonic() >= self._until:
            message = _("The access is just being renewed, and that takes longer than usual.")
            raise ProviderError(message, retryable=True, code="busy")
        time.sleep(self._pause * (0.5 + random.random()))  # jitter  # noqa: S311  # nosec B311
        self._pause = min(self._pause * 1.5, 0.25)


def _held(owner: str, until: datetime | None, now: datetime) -> bool:
    return bool(owner) and until is not None and until > now
