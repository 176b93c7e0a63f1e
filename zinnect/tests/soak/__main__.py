"""``python -m zinnect.tests.soak --minutes 10``: random faults, crashes and load, then the verdict as a table.

The exit status is 0 when nothing was lost, nothing came twice, every link is right and nothing is stuck.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path

from zinnect.demo.people import Refused
from zinnect.processes import Household
from zinnect.servers import start_postgres
from zinnect.tests.faults.harness import Stage
from zinnect.tests.faults.start import collect_static_files, stage
from zinnect.tests.faults.verdict.facts import cases, name
from zinnect.tests.faults.verdict.story import story
from zinnect.tests.soak.chaos import Chaos
from zinnect.tests.soak.load import Load

PEOPLE = 3
REST_SECONDS = 240

# The first word that occurs in a sentence of the verdict says in which row of the table it counts.
ROWS = {
    "lost": ("not in the database", "confirmed to nobody"),
    "stuck": ("unfinished", "nobody was told", "nobody told", "nobody looks for it", "ended by itself", "no rest"),
    "double invitations": (
        "was invited",
        "told that it was cancelled",
        "invitations",
        "mails of ours",
        "different mails",
    ),
    "wrong links": ("link", "holds", " is at ", "lacks the time", "another time", "says ", "shows"),
    # Whatever else: there is more than there should be.
    "duplicated": ("",),
}


def row_of(sentence: str) -> str:
    """Which of the table's rows a sentence of the verdict belongs to."""
    words = sentence.partition("): ")[2] or sentence
    return next(row for row, marks in ROWS.items() if any(mark in words for mark in marks))


def run(running: Stage, minutes: float) -> int:
    """Load and chaos for so long, then rest, then the table; the exit status."""
    chaos, over = Chaos(running), threading.Event()
    load = Load(running, chaos)
    threads = [threading.Thread(target=load.person, args=(over,), daemon=True) for _ in range(PEOPLE)]
    threads.append(threading.Thread(target=chaos.run, args=(over,), daemon=True))
    for thread in threads:
        thread.start()
    until = time.monotonic() + minutes * 60
    while time.monotonic() < until and all(thread.is_alive() for thread in threads):
        time.sleep(0.5)
    over.set()
    for thread in threads:
        thread.join(60)
    chaos.mend()
    wrong = running.verdict(seconds=REST_SECONDS) + load.surprises
    show(running, load, chaos, wrong)
    explain(running, wrong)
    return 1 if wrong else 0


def show(running: Stage, load: Load, chaos: Chaos, wrong: list[str]) -> None:
    """The table, and each thing that is wrong."""
    table: list[tuple[str, object]] = [("bookings", len(running.promised)), *sorted(load.done.items())]
    table += [(f"fault: {kind}", count) for kind, count in sorted(chaos.met().items())]
    table += [(f"killed: {what}", count) for what, count in sorted(chaos.killed.items())]
    table += [(f"besides: {what}", count) for what, count in sorted(chaos.acts.done.items())]
    counted = Counter(map(row_of, wrong))
    table += [(row, counted[row]) for row in ("lost", "duplicated", "wrong links", "double invitations", "stuck")]
    for sentence in wrong:
        print(f"WRONG ({row_of(sentence)}): {sentence}")
    for what, value in table:
        print(f"{what:<40}{value:>8}")


def explain(running: Stage, wrong: list[str]) -> None:
    """The story of each booking that is wrong."""
    for case in cases(running.facts()) if wrong else ():
        if any(sentence.startswith(name(case.booking)) for sentence in wrong):
            print(name(case.booking), *story(case), sep="\n  ")


def main() -> int:
    """Start everything, run, end everything."""
    parser = argparse.ArgumentParser(prog="make soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--seed", type=int, default=None, help="to make the same choices again")
    options = parser.parse_args()
    seed = options.seed if options.seed is not None else random.randrange(1_000_000)
    random.seed(seed)
    print(f"{options.minutes:g} minutes, seed {seed}", flush=True)
    with Household() as household, tempfile.TemporaryDirectory(prefix="zinnect-soak-") as folder:
        collect_static_files()
        server = start_postgres(household)
        try:
            with stage(server.url, Path(folder), MEETING_FALLBACK_SECONDS="30") as running:
                return run(running, options.minutes)
        except Refused as error:
            print(error, file=sys.stderr)
            return 1


if __name__ == "__main__":
    sys.exit(main())
