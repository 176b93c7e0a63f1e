"""Many organizers and bookings, written by SQL in seconds: copies of one that the product itself booked and arranged.

Copies name no column but those that have to differ, so a new column needs nothing here.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager

import psycopg

Connection = psycopg.Connection[tuple[object, ...]]

PER_ORGANIZER = 100
FIRST = 1_000_000
"""The id of the first copied organizer, and of all that there is one of for each; their bookings' begin at 100 ×."""

# How far apart an organizer's bookings are, and how many of a hundred are still to come: two months are full of them.
SPACING = "interval '26 hours'"
AHEAD = 60

_OWN = {  # table → what differs; `n` is the organizer's number, `t` the copied row
    "auth_user": {"id": "n", "username": "'many-' || n", "email": "'many-' || n || '@example.com'"},
    "bookings_organizer": {"id": "n", "user_id": "n", "handle": "'many-' || n"},
    "bookings_schedule": {"id": "n", "organizer_id": "n"},
    "bookings_eventtype": {"id": "n", "organizer_id": "n", "schedule_id": "n"},
}
_START = f"date_trunc('day', now()) + ({AHEAD} - b % {PER_ORGANIZER}) * {SPACING}"
_BOOKINGS = {  # `b` is the booking's number; the organizer's follows from it
    "bookings_booking": {
        "id": "b",
        "organizer_id": f"b / {PER_ORGANIZER}",
        "event_type_id": f"b / {PER_ORGANIZER}",
        "uid": "gen_random_uuid()",
        "token": "'token-' || md5(b::text)",
        "form_key": "'form-' || md5(b::text)",
        "event_key": "md5(b::text)",
        "invitee_email": "'invitee-' || (b * 7919 % 500000) || '@example.org'",
        "start": _START,
        "blocked_from": _START,
        '"end"': f"{_START} + interval '30 minutes'",
        "blocked_until": f"{_START} + interval '30 minutes'",
    },
    "bookings_calendarentry": {"booking_id": "b", "event_id": "md5(b::text)"},
    "bookings_meeting": {"booking_id": "b", "marker": "'zinnect-' || md5(b::text)"},
    "bookings_announcement": {"booking_id": "b"},
    "bookings_message": {"booking_id": "b", "uid": "gen_random_uuid()"},
    "bookings_timelineentry": {"booking_id": "b"},
}


PAGES = ("bookings_booking", "bookings_calendarentry")
"""What a look or a booking reads; arranging writes to the others."""


def multiply(connection: Connection, *, booking: int, total: int, tables: Collection[str] = tuple(_BOOKINGS)) -> None:
    """Bring the database to ``total`` bookings, all copies of ``booking`` with what belongs to it in ``tables``."""
    have = int(str(one(connection, f"SELECT count(*) FROM bookings_booking WHERE id >= {FIRST * PER_ORGANIZER}")))
    first, last = have // PER_ORGANIZER, -(-total // PER_ORGANIZER) - 1
    if last < first:
        return
    organizer = one(connection, "SELECT organizer_id FROM bookings_booking WHERE id = %s", booking)
    found = {
        "auth_user": f"id = (SELECT user_id FROM bookings_organizer WHERE id = {organizer})",
        "bookings_organizer": f"id = {organizer}",
    }
    with without_indexes(connection, [*_OWN, *tables]):
        for table, differing in _OWN.items():
            where = found.get(table, f"organizer_id = {organizer}")
            _copy(connection, table, differing, where, "n", FIRST + first, FIRST + last)
        for table, differing in ((table, _BOOKINGS[table]) for table in tables):
            where = f"{'id' if table == 'bookings_booking' else 'booking_id'} = {booking}"
            begin, end = (FIRST + first) * PER_ORGANIZER, (FIRST + last + 1) * PER_ORGANIZER - 1
            _copy(connection, table, differing, where, "b", begin, end)
    connection.execute("VACUUM (ANALYZE)")


def one(connection: Connection, query: str, *values: object) -> object:
    """The one value that a query answers."""
    row = connection.execute(query.encode(), values or None).fetchone()
    assert row is not None
    return row[0]


def _copy(
    connection: Connection,
    table: str,
    differing: Mapping[str, str],
    where: str,
    name: str,
    first: int,
    last: int,
    *,
    beside: str = "",
) -> None:
    listed = connection.execute(
        "SELECT quote_ident(column_name), is_identity FROM information_schema.columns WHERE table_name = %s"
        " ORDER BY ordinal_position",
        [table],
    ).fetchall()
    columns = [str(column) for column, identity in listed if identity == "NO" or str(column) in differing]
    values = [differing.get(column, f"t.{column}") for column in columns]
    query = (
        f"INSERT INTO {table} ({', '.join(columns)}) SELECT {', '.join(values)}"
        f" FROM {table} t, generate_series({first}::bigint, {last}) {name}{beside} WHERE {where}"
    )
    connection.execute(query.encode())


@contextmanager
def without_indexes(connection: Connection, tables: list[str]) -> Iterator[None]:
    """Inside, the tables have neither indexes nor constraints but their primary keys; afterwards all of them again.

    The keys of others are not checked meanwhile (``session_replication_role``), which our own server lets us say.
    """
    constraints = connection.execute(
        "SELECT conrelid::regclass::text, quote_ident(conname), pg_get_constraintdef(oid) FROM pg_constraint"
        " WHERE conrelid::regclass::text = ANY(%s) AND contype IN ('u', 'x')",
        [tables],
    ).fetchall()
    for table, name, _definition in constraints:
        connection.execute(f"ALTER TABLE {table} DROP CONSTRAINT {name} CASCADE".encode())
    indexes = connection.execute(
        "SELECT quote_ident(indexname), indexdef FROM pg_indexes WHERE tablename = ANY(%s)"
        " AND indexname NOT LIKE '%%_pkey'",
        [tables],
    ).fetchall()
    for name, _definition in indexes:
        connection.execute(f"DROP INDEX {name}".encode())
    connection.execute("SET session_replication_role = replica")
    connection.execute("SET maintenance_work_mem = '512MB'")
    connection.execute("SET max_parallel_maintenance_workers = 0")
    yield
    for _name, definition in indexes:
        connection.execute(str(definition).encode())
    for table, name, definition in constraints:
        connection.execute(f"ALTER TABLE {table} ADD CONSTRAINT {name} {definition}".encode())
    connection.execute("RESET ALL")


def unarranged(connection: Connection, *, booking: int, count: int) -> list[int]:
    """The ids of so many new bookings that nobody has arranged yet, at all of the set-up organizers in turn."""
    first = int(str(one(connection, "SELECT nextval('bookings_booking_id_seq')")))
    connection.execute(f"SELECT setval('bookings_booking_id_seq', {first + count})".encode())
    # Each an hour after the other, beyond what pages offer, so that none overlaps another.
    start = "date_trunc('hour', now()) + interval '100 days' + b * interval '1 hour'"
    differing = {
        **_BOOKINGS["bookings_booking"],
        "organizer_id": "o.id",
        "event_type_id": "(SELECT id FROM bookings_eventtype e WHERE e.organizer_id = o.id)",
        "form_key": "'bench-' || b",
        "arranged_revision": "0",
        "confirmed_at": "now()",
        "revised_at": "now()",
        **dict.fromkeys(("start", "blocked_from"), start),
        **dict.fromkeys(('"end"', "blocked_until"), f"{start} + interval '30 minutes'"),
    }
    organizers = "SELECT id, row_number() OVER (ORDER BY id) - 1 AS place, count(*) OVER () AS many"
    organizers += f" FROM bookings_organizer WHERE id < {FIRST}"
    _copy(
        connection,
        "bookings_booking",
        differing,
        f"t.id = {booking} AND o.place = b % o.many",
        "b",
        first,
        first + count - 1,
        beside=f", ({organizers}) o",
    )
    return list(range(first, first + count))
