"""Every way in which a call can be answered badly, as the sandbox's faults (integrations/sandbox/README.md)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

Fault = tuple[str, dict[str, Any]]
"""Kind and parameters."""


def status(number: int, kind: str = "status", **params: Any) -> Fault:
    """An answer with a status, instead of the work."""
    return kind, {"status": number, **params}


def name(fault: Fault) -> str:
    """How a test is called that is about it."""
    kind, params = fault
    return "-".join(map(str, (kind, *(params[key] for key in ("status", "reason", "code") if key in params))))


# What may go wrong at any call, and passes by itself. ``timeout`` is longer than PROVIDER_TIMEOUT_SECONDS.
NOT_DONE: list[Fault] = [
    ("refuse", {}),
    ("connection_stop", {"seconds": 1}),
    ("timeout_before", {"seconds": 3}),
    ("redirect", {}),
    ("delay", {"ms": 700}),
    *(status(number) for number in (500, 502, 503)),
    status(429),
    status(429, headers={"Retry-After": "1"}),
]
LOST: list[Fault] = [
    ("timeout_after", {"seconds": 3}),
    ("drop_after", {}),
    ("truncated", {}),
    ("not_json", {}),
    ("huge_body", {}),
    ("slow_drip", {}),
    ("slow_drip", {"part": "headers"}),
    *(status(number, "status_after") for number in (500, 502, 503)),
]
"""The work was done, and nobody hears of it."""
EXPIRED: Fault = ("expired_401", {})
PASSING = [*NOT_DONE, *LOST, EXPIRED]

# Google's 403 that passes (docs/…/providers: split by ``reason``).
PASSING_AT_GOOGLE: list[Fault] = [
    *PASSING,
    *(status(403, reason=reason) for reason in ("userRateLimitExceeded", "rateLimitExceeded", "quotaExceeded")),
]

# What does not pass by itself: the booking stands all the same.
LASTING_AT_ZOOM: list[Fault] = [
    status(400, code=300),
    status(400, code=3161),
    status(400, code=4711, message="Invalid access token, does not contain scopes:[meeting:write:meeting]."),
    status(403),
    status(404, code=1001),
    *(status(number) for number in (409, 410, 412)),
]
LASTING_AT_GOOGLE: list[Fault] = [
    status(400),
    status(403),
    status(403, reason="insufficientPermissions"),
    status(403, reason="forbiddenForNonOrganizer"),
    *(status(number) for number in (409, 412)),
]
# To a read or a delete these would be lies of the vendor's: what is there is said not to be. To a write they may pass.
GONE: list[Fault] = [status(404), status(410)]

# Zoom's limit for a day, said in both ways.
A_DAY = "You have reached the maximum per-day rate limit for this API."
A_DAY_IN_SECONDS = status(429, code=429, message=A_DAY, headers={"Retry-After": "80000"})
A_DAY_AS_A_DATE = status(
    429,
    code=429,
    message=A_DAY,
    headers={"Retry-After": (datetime.now(UTC) + timedelta(hours=20)).strftime("%Y-%m-%dT%H:%M:%SZ")},
)
