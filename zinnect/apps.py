"""What is wired up when all apps are ready."""

from django.apps import AppConfig


class ZinnectConfig(AppConfig):
    """The wiring: logs, system checks, the heartbeat, metrics, and what is looked at when a worker starts."""

    name = "zinnect"

    def ready(self) -> None:
        """Connect what listens."""
        from zinnect import checks, counters, heartbeat, logs, startup

        logs.configure()
        checks.register_all()
        heartbeat.connect()
        counters.connect()
        startup.connect()
