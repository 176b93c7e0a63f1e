"""How much one stranger may ask for. Public booking needs no account, so what bounds it is counting.

What the database knows is counted there: bookings of an organizer, of a person at an organizer, moves of a booking.
What it does not know, from where a request came, and to whom mail was caused at all organizers together, is counted in
the cache, in fixed windows. Lines of our own rather than a library: the well-kept ones (django-ratelimit, django-axes)
count one key for a view, and here addresses, people and guests count, some of them in the database.
``RATE_LIMITS=off`` switches all of it off.
"""

from __future__ import annotations

import hashlib
import ipaddress
import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest
from django.utils import timezone

from bookings.models import Booking, Organizer

HOUR, DAY = 3600, 86_400


class TooMany(Exception):
    """Somebody asked for more than one may; ``retry_after`` in whole seconds. The middleware answers 429."""

    def __init__(self, retry_after: int) -> None:
        super().__init__(f"again in {retry_after} s")
        self.retry_after = max(1, retry_after)


@dataclass(frozen=True)
class Limit:
    """At most ``count`` in each window of ``seconds``."""

    name: str
    count: int
    seconds: int


CHANGES_BY_ADDRESS = Limit("changes", 60, HOUR)  # bookings, moves and cancels sent from one address
TOLD = Limit("told", 20, DAY)  # bookings of one person as invitee or guest, at all organizers together
PASSWORD_BY_USER = Limit("password", 10, 300)  # guesses of somebody who is signed in
ADMIN_BY_ADDRESS = Limit("admin", 30, 60)
ADMIN_BY_NAME = Limit("admin-name", 10, 300)

INVITEE_A_DAY = 5  # bookings of one person at one organizer
ORGANIZER_A_DAY = 200  # bookings at one organizer, all strangers together; what Zoom makes: integrations/quota.py
MOVES_A_DAY = 10  # of one booking, each of which mails everybody


def enforced() -> bool:
    """Whether limits are on."""
    return bool(settings.RATE_LIMITS != "off")


def spend(limit: Limit, *whose: str) -> None:
    """Count one for each of ``whose``. Raises TooMany for whoever has none left in this window."""
    if not enforced():
        return
    number, into = divmod(int(time.time()), limit.seconds)
    for who in whose:
        digest = hashlib.sha256(who.encode("utf-8", "replace")).hexdigest()
        if _count(f"limit:{limit.name}:{number}:{digest}", limit.seconds) > limit.count:
            raise TooMany(limit.seconds - into)


def _count(key: str, seconds: int) -> int:
    cache.add(key, 0, seconds)
    try:
        return cache.incr(key)
    except ValueError:  # the cache was emptied in between
        return 1


def spend_changes(request: HttpRequest) -> None:
    """Count a form of the public pages by where it came from. Raises TooMany."""
    spend(CHANGES_BY_ADDRESS, client_address(request))


def spend_told(addresses: Iterable[str]) -> None:
    """Count a booking for everybody who will have mail from it. Raises TooMany."""
    spend(TOLD, *sorted({same_mailbox(address) for address in addresses}))


def require_room(organizer: Organizer, *, email: str) -> None:
    """Raise TooMany when the organizer, or the person at the organizer, was booked too often within a day."""
    if not enforced():
        return
    recent = Booking.objects.filter(organizer=organizer, created_at__gt=timezone.now() - timedelta(days=1))
    made = list(recent.order_by("created_at").values_list("created_at", "invitee_email"))
    mailbox = same_mailbox(email)
    theirs = [at for at, other in made if same_mailbox(other) == mailbox]
    for times, most in ((theirs, INVITEE_A_DAY), ([at for at, _email in made], ORGANIZER_A_DAY)):
        if len(times) >= most:
            raise TooMany(int((times[-most] + timedelta(days=1) - timezone.now()).total_seconds()))


def require_moves_left(booking: Booking) -> None:
    """Raise TooMany when a booking was moved too often within a day."""
    if not enforced():
        return
    since = timezone.now() - timedelta(days=1)
    moves = booking.timeline.filter(kind="moved", at__gt=since).order_by("-at").values_list("at", flat=True)
    if len(recent := list(moves[:MOVES_A_DAY])) == MOVES_A_DAY:
        raise TooMany(int((recent[-1] - since).total_seconds()))


def same_mailbox(email: str) -> str:
    """What addresses of one mailbox have in common: case and a "+tag" tell none apart."""
    local, _at, domain = email.strip().lower().rpartition("@")
    return f"{local.partition('+')[0]}@{domain}"


def client_address(request: HttpRequest) -> str:
    """From where a request came: the peer, or what the outermost of our own proxies (``TRUSTED_PROXIES``) saw.

    Whatever stands further left in ``X-Forwarded-For`` was written by the client. An IPv6 address is its network of
    64 bits, which is what one customer gets.
    """
    peer = request.META.get("REMOTE_ADDR", "")
    hops = [hop.strip() for hop in request.headers.get("X-Forwarded-For", "").split(",")]
    trusted: int = settings.TRUSTED_PROXIES
    text = hops[-trusted] if 0 < trusted <= len(hops) else peer
    try:
        address = ipaddress.ip_address(text.strip("[]"))
    except ValueError:
        return "unknown"
    if isinstance(address, ipaddress.IPv6Address):
        mapped = address.ipv4_mapped
        return str(mapped or ipaddress.ip_network((address.packed[:8] + bytes(8), 64)))
    return str(address)
