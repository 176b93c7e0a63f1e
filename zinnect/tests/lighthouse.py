"""``make lighthouse``: what Lighthouse says of the demo's public page; needs Node.js, and brings Lighthouse by npx.

The best of three runs counts, as other work on the machine only ever makes a page look slower.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from zinnect.demo.product import ROOT, START_SECONDS
from zinnect.demo.seed import HANDLE, ZONE
from zinnect.processes import DidNotStart, Household
from zinnect.tests.browser import HOW, find_chromium

LIGHTHOUSE = "lighthouse@12.8.2"
RUNS = 3
CATEGORIES = ("performance", "accessibility", "best-practices", "seo")
TIMES = {"LCP": "largest-contentful-paint", "CLS": "cumulative-layout-shift", "TBT": "total-blocking-time"}
NO_NODE = "No npx: apt-get install nodejs npm (or brew install node); Node.js 18.20 or later."


@dataclass(frozen=True)
class Verdict:
    """What one run found: scores from 0 to 100 by category, times in words, what cost points."""

    scores: dict[str, int]
    times: dict[str, str]
    losses: list[str]

    @property
    def is_perfect(self) -> bool:
        """Whether there is nothing to gain."""
        return set(self.scores.values()) == {100}


def verdict(report: dict[str, Any]) -> Verdict:
    """From Lighthouse's own JSON."""
    audits, categories = report["audits"], report["categories"]
    weighed = [ref["id"] for name in CATEGORIES for ref in categories[name]["auditRefs"] if ref["weight"]]
    # A category that could not be measured has no score; an audit that does not apply has none either.
    return Verdict(
        scores={name: round(100 * (categories[name]["score"] or 0)) for name in CATEGORIES},
        times={name: audits[audit].get("displayValue", "not measured") for name, audit in TIMES.items()},
        losses=[
            f"{audits[audit]['title']} ({audit})"
            for audit in weighed
            if audits[audit]["score"] is not None and audits[audit]["score"] < 1
        ],
    )


def measure(url: str, into: Path, *, program: str) -> Verdict:
    """Let Lighthouse visit a page once, on its slow phone. Raises CalledProcessError when it cannot."""
    how = ["--quiet", "--chrome-flags=--headless=new --no-sandbox", "--output=json", f"--output-path={into}"]
    subprocess.run(
        ["npx", "--yes", LIGHTHOUSE, url, *how],
        # In the organizer's own zone, in which the page needs no second visit.
        env={**os.environ, "CHROME_PATH": program, "TZ": ZONE},
        check=True,
        timeout=300,
    )
    return verdict(json.loads(into.read_text()))


def _demo(household: Household, folder: Path) -> str:
    """Start the demo; the address of its public page."""
    log = folder / "demo.log"
    demo = household.spawn("demo", [sys.executable, "-m", "zinnect.demo"], log=log, cwd=ROOT)
    demo.wait_until(lambda: "Press Ctrl-C" in log.read_text(), seconds=START_SECONDS)
    (url,) = [word for word in log.read_text().split() if word.endswith(f"/{HANDLE}/intro/")]
    return url


def main() -> int:
    """Print each run until one is perfect; 0 when one was."""
    program = find_chromium()
    if program is None or shutil.which("npx") is None:
        print(HOW if program is None else NO_NODE, file=sys.stderr)
        return 1
    with Household() as household:
        folder = household.folder(prefix="zinnect-lighthouse-")
        try:
            url = _demo(household, folder)
        except DidNotStart as error:
            print(error, file=sys.stderr)
            return 1
        for _ in range(RUNS):
            found = measure(url, folder / "report.json", program=program)
            print(" · ".join(f"{name} {value}" for name, value in {**found.scores, **found.times}.items()), flush=True)
            if found.is_perfect:
                return 0
            print("".join(f"  {loss}\n" for loss in found.losses), end="", flush=True)
    return 1


if __name__ == "__main__":
    sys.exit(main())
