"""The app of connections to other services."""

from django.apps import AppConfig


class IntegrationsConfig(AppConfig):
    """Registers the providers' receivers when Django has loaded."""

    name = "integrations"
    verbose_name = "Integrations"
