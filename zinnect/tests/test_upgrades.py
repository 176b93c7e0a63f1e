"""Upgrades without a stop: code of the last version runs on the new schema, and tasks that it queued still run.

The order is: migrate, then restart (docs/operating.md). So for a while the old code reads and writes the new tables,
and a new worker takes up what an old web process queued.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator

import pytest
from celery import current_app
from django.conf import settings
from django.db import migrations, models
from django.db.migrations import Migration
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations.base import Operation
from django.db.models.fields import NOT_PROVIDED

from zinnect.demo.product import ROOT

OURS = ("bookings", "calendars", "integrations", "zinnect")

# App → the last migration of the first release: earlier ones were never applied beside running code.
FIRST_RELEASE: dict[str, str] = {}

# Names and arguments are a contract with what stands in the queue. A task that is done with stays for one version,
# doing nothing; a new argument has a default.
TASKS = {
    "bookings.tasks.arrange_booking": "(booking_id: 'int') -> 'None'",
    "bookings.tasks.arrange_due": "() -> 'None'",
    "bookings.tasks.forget_old": "() -> 'None'",
    "bookings.tasks.go_on_with_departures": "() -> 'None'",
    "bookings.tasks.remind": "(booking_id: 'int', kind: 'str') -> 'None'",
    "bookings.tasks.remind_due": "() -> 'None'",
    "integrations.tasks.handle_webhook": "(event_id: 'int') -> 'None'",
    "integrations.tasks.mail_notice": "(connection_id: 'int') -> 'None'",
    "integrations.tasks.revoke": "(revocation_id: 'int') -> 'None'",
    "integrations.tasks.sweep": "() -> 'None'",
}


def test_tasks_keep_their_names_and_arguments() -> None:
    current_app.loader.import_default_modules()
    ours = {name: task for name, task in current_app.tasks.items() if name.startswith(OURS)}

    assert {name: str(inspect.signature(task.run)) for name, task in ours.items()} == TASKS


def test_what_beat_sends_is_one_of_them() -> None:
    assert {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()} <= set(TASKS)


def breaks_running_code(operation: Operation) -> str:
    """Why code that does not know of ``operation`` would fail after it; empty when it would not.

    It inserts without a new column, selects a column by its old name, and takes an old table for granted.
    """
    gone = (migrations.RemoveField, migrations.DeleteModel, migrations.RenameField, migrations.RenameModel)
    if isinstance(operation, gone):
        return "takes away or renames what running code uses: do it one version after the code stopped using it"
    if isinstance(operation, migrations.AddField) and not _filled_by_the_database(operation.field):
        return "running code inserts rows without it: give it null=True or a db_default"
    if isinstance(operation, migrations.AddConstraint):
        return "running code may write what it forbids: add it one version after the code stopped doing so"
    if isinstance(operation, migrations.AlterModelTable | migrations.AlterUniqueTogether):
        return "running code knows the table as it was"
    return ""


def _filled_by_the_database(field: models.Field[object, object]) -> bool:
    return bool(field.null) or field.db_default is not NOT_PROVIDED or field.many_to_many is True


def _flat(operations: list[Operation]) -> Iterator[Operation]:
    for operation in operations:
        if isinstance(operation, migrations.SeparateDatabaseAndState):
            yield from _flat(list(operation.database_operations))
        else:
            yield operation


def _of_known_tables(operations: list[Operation]) -> Iterator[Operation]:
    """What concerns tables that the same migration does not make."""
    made = {operation.name_lower for operation in operations if isinstance(operation, migrations.CreateModel)}
    yield from (each for each in _flat(operations) if getattr(each, "model_name", "").lower() not in made)


def locked_together(migration: Migration) -> set[str]:
    """The known tables that ``migration`` holds until its end, which is after its last operation."""
    if not migration.atomic:
        return set()
    changed = _of_known_tables(list(migration.operations))
    return {operation.model_name_lower for operation in changed if hasattr(operation, "model_name_lower")}


def _later_than_the_first_release() -> dict[str, Migration]:
    disk = MigrationLoader(None).disk_migrations
    return {
        f"{app}.{name}": migration
        for (app, name), migration in sorted(disk.items())
        if app in FIRST_RELEASE and name > FIRST_RELEASE[app]
    }


def test_no_migration_breaks_the_code_that_runs_while_it_is_applied() -> None:
    found = {
        f"{name} {operation.describe()}": why
        for name, migration in _later_than_the_first_release().items()
        for operation in _of_known_tables(list(migration.operations))
        if (why := breaks_running_code(operation))
    }

    assert found == {}


def test_no_migration_holds_two_tables_that_a_booking_may_take_in_another_order() -> None:
    """It was seen: PostgreSQL ended the booking as a deadlock. ``atomic = False``, or one migration for each."""
    locked = {name: locked_together(migration) for name, migration in _later_than_the_first_release().items()}

    assert {name: tables for name, tables in locked.items() if len(tables) > 1} == {}


def test_the_first_release_says_with_which_migrations_it_came() -> None:
    """Until then nobody's code runs while a migration is applied; from then on the test above holds."""
    released = re.search(r"^## \d", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)

    assert set(FIRST_RELEASE) == (set(OURS) if released else set())


@pytest.mark.parametrize(
    ("operation", "breaks"),
    [
        (migrations.AddField("booking", "note", models.TextField(default="")), True),
        (migrations.AddField("booking", "note", models.TextField(default="", db_default="")), False),
        (migrations.AddField("booking", "note", models.TextField(null=True)), False),
        (migrations.RemoveField("booking", "notes"), True),
        (migrations.RenameField("booking", "notes", "note"), True),
        (migrations.DeleteModel("guest"), True),
        (migrations.CreateModel("new", []), False),
        (migrations.AddIndex("booking", models.Index(fields=["start"], name="by_start")), False),
        (migrations.AddConstraint("booking", models.UniqueConstraint(fields=["start"], name="once")), True),
    ],
)
def test_what_would_break_is_told_from_what_would_not(operation: Operation, breaks: bool) -> None:
    assert bool(breaks_running_code(operation)) is breaks


@pytest.mark.parametrize(
    ("name", "atomic", "tables"),
    [
        ("0009_reminders", True, {"message", "eventtype", "booking"}),
        ("0009_reminders", False, set()),
        ("0001_initial", True, set()),
    ],
)
def test_what_is_held_together_is_found(
    monkeypatch: pytest.MonkeyPatch, name: str, atomic: bool, tables: set[str]
) -> None:
    migration = MigrationLoader(None).disk_migrations["bookings", name]
    monkeypatch.setattr(migration, "atomic", atomic)

    assert locked_together(migration) == tables
