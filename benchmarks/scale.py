"""``make bench-scale``: how goals 2 to 5 grow with the number of bookings and of workers, drawn into docs/."""

from __future__ import annotations

import argparse
import sys
import time

from benchmarks import arranging, booking, pages
from benchmarks.chart import Panel, drawn
from benchmarks.house import BOTH, ROOT, House, house
from benchmarks.rows import multiply

SIZES = (1_000, 10_000, 100_000, 1_000_000)
WORKERS = (1, 2, 3, 4)
BOOKINGS = 120
DRAWING = ROOT / "docs" / "performance-growth.svg"


def main() -> int:
    """Measure at each size, then with more workers; write the drawing."""
    parser = argparse.ArgumentParser(prog="make bench-scale", description=__doc__)
    parser.add_argument("--most", type=int, default=SIZES[-1], help="the largest number of bookings")
    sizes = [size for size in SIZES if size <= parser.parse_args().most]
    began, found = time.monotonic(), []
    with house() as running:
        for size in sizes:
            multiply(running.database, booking=running.template, total=size)
            found.append(_at_size(running))
            print(f"{size:>9,} bookings, {time.monotonic() - began:4.0f} s: {found[-1]}", flush=True)
        running.cores = BOTH
        crowds = [arranging.load(running, bookings=BOOKINGS, workers=number) for number in WORKERS]
    DRAWING.write_text(drawn(_panels([f"{size:,}" for size in sizes], found, crowds)))
    print(f"{DRAWING.relative_to(ROOT)} after {time.monotonic() - began:.0f} s")
    return 0


def _at_size(running: House) -> dict[str, float]:
    costs, booked = pages.measure(running), booking.measure(running)
    link, load = arranging.one_by_one(running, zoom=True), arranging.load(running, bookings=BOOKINGS)
    return {
        "page": costs["page"].cpu / costs["bare"].cpu,
        "slots.json": costs["slots.json"].cpu / costs["bare"].cpu,
        "booking": booked.median,
        "queries": booked.queries,
        "link": link.median,
        "arranging": load.cpu,
    }


def _panels(steps: list[str], found: list[dict[str, float]], crowds: list[arranging.Load]) -> list[Panel]:
    def line(name: str) -> list[float]:
        return [each[name] for each in found]

    workers = [str(number) for number in WORKERS]
    return [
        Panel("CPU of a look, × the bare view", steps, {name: line(name) for name in ("page", "slots.json")}),
        Panel("POST to answer, beyond the question", steps, {"ms": line("booking"), "queries": line("queries")}),
        Panel("From booking to link, calls of 200 ms", steps, {"ms": line("link")}),
        Panel("Arranging under load", steps, {"CPU ms a booking": line("arranging")}),
        Panel("Arranging, by workers on two cores", workers, {"a second": [load.rate for load in crowds]}),
        Panel("CPU a booking, by workers", workers, {"ms": [load.cpu for load in crowds]}),
    ]


if __name__ == "__main__":
    sys.exit(main())
