"""The app of connections to other services."""

from django.apps import AppConfig


class IntegrationsConfig(AppConfig):
    """Connections and their providers."""

    name = "integrations"
    verbose_name = "Integrations"
