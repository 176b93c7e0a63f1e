"""When to try again: backoff with jitter, or the provider's own time."""

from __future__ import annotations

import random
from datetime import datetime, timedelta

from integrations.errors import ProviderError

FIRST = 1.0
LONGEST = 600.0
AT_MOST = timedelta(seconds=1.5 * LONGEST)


def backoff(attempts: int, now: datetime) -> datetime:
    """When to try again after ``attempts`` failures in a row (≥ 1): 1 s doubling to 10 min, each ± 50 %."""
    seconds = min(LONGEST, FIRST * 2 ** min(attempts - 1, 16))
    return now + timedelta(seconds=seconds * random.uniform(0.5, 1.5))  # jitter  # noqa: S311  # nosec B311


def after(error: ProviderError, attempts: int, now: datetime) -> datetime:
    """When to try again after ``error``: not before the provider's own time, where it named one."""
    earliest = backoff(attempts, now)
    return max(earliest, error.retry_at) if error.retry_at else earliest
