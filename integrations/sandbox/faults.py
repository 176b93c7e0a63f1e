"""Faults on demand: which call goes wrong, how, and how often."""

from __future__ import annotations

import random
import threading
from dataclasses import asdict, dataclass, field
from typing import Any

KINDS = frozenset(
    "refuse timeout_before timeout_after drop_after truncated not_json status status_after expired_401 "
    "redirect huge_body slow_drip delay connection_stop".split()
)
CALLS = frozenset(
    "* authorize authorize.decide token.exchange token.refresh revoke users.me userinfo meetings.create "
    "meetings.list meetings.get meetings.patch meetings.delete events.insert events.get events.list "
    "events.patch events.update events.delete freebusy calendarlist calendarlist.get smtp".split()
)
SERVICES = frozenset(("zoom", "google", "smtp", "*"))


@dataclass
class Fault:
    """One planned fault: `times` None is always; the first `after` matching calls pass unharmed."""

    id: int
    service: str
    call: str
    kind: str
    times: int | None = 1
    after: int = 0
    probability: float = 1.0
    params: dict[str, Any] = field(default_factory=dict)
    hits: int = 0
    seen: int = 0

    def meant_for(self, service: str, call: str) -> bool:
        """Whether this is about such a call; `*` leaves the consent pages alone."""
        here = self.service in ("*", service)
        return here and (self.call == call or (self.call == "*" and not call.startswith("authorize")))


class Faults:
    """The list of planned faults, with a lock of its own."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._faults: list[Fault] = []
        self._next = 1
        self._release = threading.Event()

    def add(self, raw: dict[str, Any]) -> Fault:
        """Plan a fault; a ValueError names what is wrong with it."""
        kind, service = str(raw.get("kind", "")), str(raw.get("service", "*"))
        if kind not in KINDS:
            raise ValueError(f"unknown kind {kind!r}: one of {', '.join(sorted(KINDS))}")
        if service not in SERVICES:
            raise ValueError(f"unknown service {service!r}")
        if (call := str(raw.get("call", "*"))) not in CALLS:
            raise ValueError(f"unknown call {call!r}: one of {', '.join(sorted(CALLS))}")
        unknown = set(raw) - {"service", "call", "kind", "times", "after", "probability", "params"}
        if unknown:
            raise ValueError(f"unknown keys: {', '.join(sorted(unknown))}")
        times = raw.get("times", 1)
        with self._lock:
            fault = Fault(
                self._next,
                service,
                call,
                kind,
                None if times is None else int(times),
                int(raw.get("after", 0)),
                float(raw.get("probability", 1.0)),
                dict(raw.get("params") or {}),
            )
            self._next += 1
            self._faults.append(fault)
        return fault

    def take(self, service: str, call: str) -> Fault | None:
        """The fault this call meets, counted as met; None for a healthy call."""
        with self._lock:
            for fault in self._faults:
                if not fault.meant_for(service, call) or (fault.times is not None and fault.hits >= fault.times):
                    continue
                fault.seen += 1
                if fault.seen <= fault.after or random.random() >= fault.probability:
                    continue
                fault.hits += 1
                return fault
        return None

    def clear(self) -> None:
        """Forget all faults, and let go of calls that hang because of one."""
        with self._lock:
            self._faults.clear()
            self._release.set()
            self._release = threading.Event()

    def hang(self, seconds: float) -> None:
        """Wait, but no longer than until the faults are cleared."""
        self._release.wait(seconds)

    def listing(self) -> list[dict[str, Any]]:
        """All planned faults, spent ones too, with how often each was met."""
        with self._lock:
            return [asdict(fault) for fault in self._faults]
