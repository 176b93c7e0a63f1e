"""The audit log, which the database itself lets nobody change: rows can be added and nothing else.

A migration that makes SQLite build the table anew has to make the triggers anew too. ``TRUNCATE`` is left to whoever
owns the database.
"""

import django.utils.timezone
from django.db import migrations, models

WORDS = "the audit log is append-only"
POSTGRESQL = [
    f"""CREATE FUNCTION zinnect_auditentry_stays() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN RAISE EXCEPTION '{WORDS}'; END $$""",
    """CREATE TRIGGER zinnect_auditentry_stays BEFORE UPDATE OR DELETE ON zinnect_auditentry
        FOR EACH ROW EXECUTE FUNCTION zinnect_auditentry_stays()""",
]
POSTGRESQL_UNDO = [
    "DROP TRIGGER zinnect_auditentry_stays ON zinnect_auditentry",
    "DROP FUNCTION zinnect_auditentry_stays()",
]
SQLITE = [
    f"""CREATE TRIGGER zinnect_auditentry_stays_{deed} BEFORE {deed} ON zinnect_auditentry
        BEGIN SELECT RAISE(ABORT, '{WORDS}'); END"""
    for deed in ("UPDATE", "DELETE")
]
SQLITE_UNDO = [f"DROP TRIGGER zinnect_auditentry_stays_{deed}" for deed in ("UPDATE", "DELETE")]


def hold(apps, schema_editor):
    for statement in {"postgresql": POSTGRESQL, "sqlite": SQLITE}[schema_editor.connection.vendor]:
        schema_editor.execute(statement)


def let_go(apps, schema_editor):
    for statement in {"postgresql": POSTGRESQL_UNDO, "sqlite": SQLITE_UNDO}[schema_editor.connection.vendor]:
        schema_editor.execute(statement)


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="AuditEntry",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.DateTimeField(default=django.utils.timezone.now)),
                ("actor_id", models.BigIntegerField(db_index=True, help_text="The user who did it.")),
                ("action", models.CharField(db_index=True, max_length=80)),
                ("model", models.CharField(help_text="What it was done to, such as bookings.booking.", max_length=100)),
                ("object_id", models.CharField(max_length=64)),
                (
                    "outcome",
                    models.TextField(
                        blank=True, help_text="How it went: names of fields and counts, never what they hold."
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "audit entries",
                "ordering": ["-id"],
            },
        ),
        migrations.RunPython(hold, let_go, elidable=False),
    ]
