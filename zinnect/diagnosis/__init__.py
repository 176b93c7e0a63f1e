"""What ``doctor`` looks at: each thing by its name, with what is wrong with it and what mends it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from zinnect.diagnosis import here, there
from zinnect.diagnosis.problem import Problem

__all__ = ["Finding", "Problem", "examine"]


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at; ``notes`` are for an operator to read even when all is well."""

    name: str
    problems: tuple[Problem, ...]
    notes: tuple[str, ...] = ()


def examine() -> Iterator[Finding]:
    """Look at everything. What stands in the database is left out where there is none."""
    yield Finding("settings", tuple(here.settings_checks()))
    yield Finding("keys", tuple(here.keys()))
    yield Finding("zone data", tuple(here.zone_data()))
    yield Finding("static files", tuple(here.static_files()))
    database = tuple(here.database())
    yield Finding("database", database)
    if all(problem.passing for problem in database):
        yield from _rows()
    broker = tuple(there.broker())
    yield Finding("broker", broker)
    silent = [] if broker else there.silent()
    for name in ("workers", "beat"):
        yield Finding(name, tuple(problem for what, problem in silent if what == name))
    yield Finding("mail", tuple(there.mail()))
    for provider in there.in_order():
        yield Finding(provider.service, tuple(there.configured(provider)), tuple(there.addresses(provider)))
    yield Finding("clock", tuple(there.clock()))


def _rows() -> Iterator[Finding]:
    """What stands in the database, once it has the tables for it."""
    migrations = tuple(here.migrations())
    yield Finding("migrations", migrations)
    if not migrations:
        yield Finding("stored tokens", tuple(here.stored_tokens()))
        yield Finding("permissions", tuple(here.permissions()))
        yield Finding("unfinished work", tuple(here.unfinished_work()))
