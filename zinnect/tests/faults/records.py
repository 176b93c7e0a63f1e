"""The database of the product under test, read for the verdict; written only where the operator or a clock would be."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

import psycopg
from psycopg import sql
from psycopg.rows import dict_row

from zinnect.demo.seed import EMAIL
from zinnect.tests.faults.verdict import Row

UNFINISHED = (
    "SELECT id, invitee_email, status, revision, arranged_revision, next_attempt_at, attempts, last_error,"
    " lease_owner, lease_until FROM bookings_booking"
    " WHERE (arranged_revision < revision OR lease_until IS NOT NULL) AND gave_up_at IS NULL"
    " AND NOT (lease_until IS NULL AND last_error <> '' AND next_attempt_at > now() + interval '1 hour')"
)


@dataclass(kw_only=True)
class Records:
    """Questions and statements, each by a connection of its own: connections are cut by some tests."""

    database_url: str

    def rows(self, query: str, *values: object) -> list[Row]:
        """The rows of a query, as dictionaries."""
        with psycopg.connect(self.database_url, autocommit=True, row_factory=dict_row) as connection:
            return list(connection.execute(query.encode(), values).fetchall())

    def execute(self, statement: str, *values: object) -> None:
        """Write to the database, as the operator might."""
        with psycopg.connect(self.database_url, autocommit=True) as connection:
            connection.execute(statement.encode(), values)

    def connection(self, provider: str) -> Row:
        """The organizer's connection, as the database has it."""
        (row,) = self.rows(
            "SELECT c.* FROM integrations_connection c JOIN auth_user u ON u.id = c.user_id"
            " WHERE u.email = %s AND c.provider = %s",
            EMAIL,
            provider,
        )
        return row

    def open_day_and_night(self) -> None:
        """Bookable at any half-hour of any day."""
        self.execute("DELETE FROM bookings_weeklyhours")
        self.execute(
            "INSERT INTO bookings_weeklyhours (schedule_id, weekday, from_minute, to_minute)"
            " SELECT id, day, 0, 1440 FROM bookings_schedule, generate_series(0, 6) day"
        )

    def unfinished(self) -> list[Row]:
        """Bookings that somebody works at or will soon: not given up, nor put off for a day with an error to show."""
        return self.rows(UNFINISHED)

    def ten_minutes_later(self) -> None:
        """Second looks that are only waiting for their time are due, once lists have caught up with the lost call."""
        self.execute(
            "UPDATE bookings_meeting SET look_again_at = now(), next_attempt_at = LEAST(next_attempt_at, now())"
            " WHERE look_again_at > now() + interval '1 minute' AND attempted_at < now() - interval '3 seconds'"
        )
        self.execute(
            "UPDATE bookings_booking SET next_attempt_at = now() WHERE next_attempt_at > now() + interval '1 minute'"
            " AND id IN (SELECT booking_id FROM bookings_meeting WHERE look_again_at <= now())"
        )


@contextmanager
def database(server: str, name: str) -> Iterator[str]:
    """A database of its own on a server; its URL."""
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        yield urlsplit(server)._replace(path=f"/{name}").geturl()
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))
