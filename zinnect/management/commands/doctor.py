"""``manage.py doctor``: what is misconfigured, and how to mend it."""

from __future__ import annotations

from typing import Any

from django.core import checks
from django.core.management.base import BaseCommand, CommandError

from zinnect import diagnosis


class Command(BaseCommand):
    """Prints what is wrong and what mends it; exit status 1 when anything needs mending."""

    help = "Say what is misconfigured and how to mend it."
    # It asks for the checks itself, so that it can say more than that there is an error.
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        """Examine settings, database, broker, mail and providers."""
        problems = [*self._settings(), *diagnosis.outside()]
        for problem in problems:
            self.stdout.write(f"✗ {problem.what}\n  {problem.mend}")
        if problems:
            raise CommandError(f"{len(problems)} to mend.")
        self.stdout.write("✓ Nothing to mend.")

    def _settings(self) -> list[diagnosis.Problem]:
        found = checks.run_checks(include_deployment_checks=True)
        return [
            diagnosis.Problem(f"{message.msg} ({message.id})", str(message.hint or "See the message."))
            for message in found
            if message.level >= checks.WARNING and not message.is_silenced()
        ]
