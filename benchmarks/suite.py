"""Goal 8: how long the quick tests take, and which are the slowest."""

from __future__ import annotations

import subprocess
import time

from benchmarks.house import BOTH, ROOT, pin
from benchmarks.measure import Verdict

SECONDS = 30.0


def verdicts() -> list[Verdict]:
    """One run of ``make test-fast``, with the slowest ten tests below the verdict."""
    pin(0, BOTH)
    began = time.monotonic()
    command = ["make", "--no-print-directory", "test-fast", "PYTEST=.venv/bin/python -m pytest -q --durations=10"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)
    seconds = time.monotonic() - began
    print("\n".join(done.stdout.splitlines()[-13:]))
    return [
        Verdict(
            8, "make test-fast", f"{seconds:.0f} s (goal ≤ {SECONDS:g})", done.returncode == 0 and seconds <= SECONDS
        )
    ]
