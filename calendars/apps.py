"""The app of the organizer's calendars."""

from django.apps import AppConfig


class CalendarsConfig(AppConfig):
    """Connects the receivers when Django has loaded."""

    name = "calendars"
    verbose_name = "Calendars"

    def ready(self) -> None:
        """Listen to connections being made and removed."""
        from calendars import receivers  # noqa: F401
