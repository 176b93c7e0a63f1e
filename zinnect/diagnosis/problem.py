"""What is wrong with something."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Problem:
    """Something wrong, and what mends it. ``passing``: what comes after it can be looked at all the same."""

    what: str
    mend: str
    passing: bool = False
