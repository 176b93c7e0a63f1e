"""``manage.py rotate_encryption_keys``: encrypt everything stored under the first of ENCRYPTION_KEYS."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from integrations.rotation import encrypted_fields, rotate


class Command(BaseCommand):
    """Safe to run while the service runs, and to run again."""

    help = "Encrypts all stored secrets with the newest key, the first of ENCRYPTION_KEYS. The service may go on."

    def handle(self, *args: Any, **options: Any) -> None:
        """Print a line for each field; fail when something could not be decrypted."""
        failed: list[str] = []
        for model, column in encrypted_fields():
            done = rotate(model, column)
            failed += done.failed
            self.stdout.write(
                f"{done.name}: {done.rewritten} encrypted anew, {done.changed_meanwhile} changed meanwhile, "
                f"{len(done.failed)} that no key opens"
            )
        if failed:
            raise CommandError(f"No key of ENCRYPTION_KEYS opens these, and they were left alone: {', '.join(failed)}")
