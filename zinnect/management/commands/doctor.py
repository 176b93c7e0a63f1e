"""``manage.py doctor``: what is misconfigured, and how to mend it."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from zinnect import diagnosis


class Command(BaseCommand):
    """Prints everything that was looked at, ok or with what mends it; exit status 1 when anything needs mending."""

    help = "Say what is misconfigured and how to mend it."
    # It asks for the checks itself, so that it can say more than that there is an error.
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        """Look at settings, machine, database, broker, mail and providers."""
        wrong = 0
        for finding in diagnosis.examine():
            wrong += len(finding.problems)
            if not finding.problems:
                self.stdout.write(f"✓ {finding.name}: ok")
            for problem in finding.problems:
                self.stdout.write(f"✗ {finding.name}: {problem.what}\n    {problem.mend}")
            for note in finding.notes:
                self.stdout.write(f"    {note}")
        if wrong:
            raise CommandError(f"{wrong} to mend.")
        self.stdout.write("✓ Nothing to mend.")
