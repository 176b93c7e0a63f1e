"""``make bench``: each goal of docs/performance.md with its figure, its reference, and whether it is met.

The exit status is 0 whenever everything could be measured, whatever is met: the figures are of a machine, not of the
code alone. ``--only 2,5`` measures some goals, ``--tests`` adds the eighth.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable, Iterable

from benchmarks import arranging, booking, month, pages, starting, suite
from benchmarks.house import House, house
from benchmarks.measure import Verdict
from benchmarks.rows import PAGES, multiply
from zinnect.servers import ServerMissing

MANY = 1_000_000


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--only", default="1,2,3,4,5,6,7", help="goals, with commas; 7 is 2 and 3 with many bookings")
    parser.add_argument("--tests", action="store_true", help="goal 8 too: runs the quick tests")
    parser.add_argument("--rows", type=int, default=MANY, help="how many bookings are many")
    parser.add_argument(
        "--without", default="", help="indexes of bookings to drop first, with commas: goal 7 should fail"
    )
    return parser.parse_args()


def main() -> int:
    """Measure, say, end. 1 where something could not be started."""
    options, found = arguments(), []
    only = {int(number) for number in options.only.split(",")} | ({8} if options.tests else set())

    def say(verdicts: Iterable[Verdict]) -> None:
        for verdict in verdicts:
            print(verdict, flush=True)
            found.append(verdict)

    print(f"python {sys.version_info.major}.{sys.version_info.minor}, {os.cpu_count()} cores", flush=True)
    if 1 in only:
        say(month.verdicts())
    try:
        if only & {2, 3, 4, 5, 6, 7}:
            with house() as running:
                measure(running, only, options, say)
    except ServerMissing as error:
        print(error, file=sys.stderr)
        return 1
    if 8 in only:
        say(suite.verdicts())
    met = sum(verdict.met for verdict in found)
    print(f"{met} of {len(found)} met; load of the machine at the end: {os.getloadavg()[0]:.1f}")
    return 0


def measure(
    running: House, only: set[int], options: argparse.Namespace, say: Callable[[Iterable[Verdict]], None]
) -> None:
    """The goals that need servers, first with few bookings, then what depends on how many there are."""
    if 6 in only:
        say(starting.verdicts(running))
    costs = pages.measure(running) if only & {2, 7} else {}
    if 2 in only:
        say(pages.verdicts(costs, rows="few bookings"))
    few = booking.measure(running) if only & {3, 7} else None
    if 3 in only and few:
        say(booking.verdicts(few, rows="few bookings"))
    if 4 in only:
        say(arranging.idle(running))
    if 5 in only:
        say(arranging.under_load(running))
    if 7 in only and few:
        began, rows = time.monotonic(), options.rows
        multiply(running.database, booking=running.template, total=rows, tables=PAGES)
        print(f"({rows:,} bookings written in {time.monotonic() - began:.0f} s)", flush=True)
        for name in filter(None, options.without.split(",")):
            running.database.execute(f"DROP INDEX {name}".encode())
        say(pages.verdicts(pages.measure(running), rows=f"{rows:,} bookings", before=costs))
        say(booking.verdicts(booking.measure(running), rows=f"{rows:,} bookings", before=few))


if __name__ == "__main__":
    sys.exit(main())
