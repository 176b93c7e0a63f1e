"""``python -m zinnect.demo.seed``: the demo's database, organizer and admin, by one process and so in seconds."""

from __future__ import annotations

import os

EMAIL, PASSWORD, HANDLE = "organizer@example.com", "organizer-demo", "sample"
ZONE = "Europe/Berlin"
ADMIN, ADMIN_EMAIL, ADMIN_PASSWORD = "admin", "admin@example.com", "admin-demo"


def main() -> None:
    """Migrate, then do what ``create_organizer`` and ``createsuperuser`` do."""
    import django
    from django.core.management import call_command

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "zinnect.settings")
    django.setup()
    call_command("migrate", verbosity=0)
    call_command(
        "create_organizer",
        email=EMAIL,
        password=PASSWORD,
        handle=HANDLE,
        timezone=ZONE,
        name="Sample Organizer",
    )
    os.environ["DJANGO_SUPERUSER_PASSWORD"] = ADMIN_PASSWORD
    call_command("createsuperuser", interactive=False, username=ADMIN, email=ADMIN_EMAIL, verbosity=0)


if __name__ == "__main__":
    main()
