"""The app of the domain: event types, availability, bookings."""

from django.apps import AppConfig


class BookingsConfig(AppConfig):
    """Connects the receivers when Django has loaded."""

    name = "bookings"
    verbose_name = "Bookings"

    def ready(self) -> None:
        """Turn the booking signals into tasks."""
        from bookings import receivers  # noqa: F401
