"""PostgreSQL refuses overlapping bookings of an organizer by itself, behind the check in ``services.py``.

``int8range`` in place of ``WITH =`` needs no btree_gist, which a managed server may not offer. SQLite has no such
constraint; there the IMMEDIATE transaction serializes check and insert.
"""

from django.db import migrations

ADD = """
ALTER TABLE bookings_booking ADD CONSTRAINT bookings_do_not_overlap EXCLUDE USING gist (
    int8range(organizer_id, organizer_id, '[]') WITH &&,
    tstzrange(blocked_from, blocked_until, '[)') WITH &&
) WHERE (status IN ('pending', 'confirmed'))
"""
REMOVE = "ALTER TABLE bookings_booking DROP CONSTRAINT bookings_do_not_overlap"


def add(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(ADD)


def remove(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(REMOVE)


class Migration(migrations.Migration):
    dependencies = [("bookings", "0001_initial")]
    operations = [migrations.RunPython(add, remove, elidable=False)]
