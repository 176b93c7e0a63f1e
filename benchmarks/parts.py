"""``python -m benchmarks.parts``: on what arranging spends its CPU. Booking ids come on standard input.

Arranges them one after the other in this process, and looks every millisecond of CPU time at what is being done
(``setitimer(2)``, ITIMER_PROF). What Celery adds is measured apart, by tasks that find nothing to do.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from collections import Counter
from types import FrameType

# What stands first wins: a query is the database's whoever asked it.
PARTS = {
    "ORM": ("/django/db/", "/psycopg"),
    "HTTP clients": ("/urllib3/", "/requests/", "/googleapiclient/", "/integrations/http.py", "/integrations/wire.py"),
    "logs": ("/structlog/", "/logging/"),
    "mail": ("/django/core/mail/", "/bookings/invitations.py", "/bookings/letters.py"),
}


def part_of(frame: FrameType | None) -> str:
    """In which part the stack is."""
    files = []
    while frame is not None:
        files.append(frame.f_code.co_filename)
        frame = frame.f_back
    return next(
        (part for part, marks in PARTS.items() if any(mark in file for file in files for mark in marks)), "rest"
    )


def main() -> None:
    """Print ``{"CPU": milliseconds a booking, part: milliseconds, …}``."""
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "zinnect.settings")
    django.setup()
    from bookings.arrange import arrange

    warm, ids = (numbers := json.load(sys.stdin))[:5], numbers[5:]
    seen: Counter[str] = Counter()

    def look(number: int, frame: FrameType | None) -> None:
        seen[part_of(frame)] += 1

    for booking_id in warm:
        arrange(booking_id)
    signal.signal(signal.SIGPROF, look)
    signal.setitimer(signal.ITIMER_PROF, 0.001, 0.001)
    began = time.process_time()
    for booking_id in ids:
        arrange(booking_id)
    cpu = (time.process_time() - began) / len(ids) * 1000
    signal.setitimer(signal.ITIMER_PROF, 0)
    parts = {part: cpu * seen[part] / seen.total() for part in (*PARTS, "rest")}
    print(json.dumps({"CPU": cpu, **parts}))


if __name__ == "__main__":
    main()
