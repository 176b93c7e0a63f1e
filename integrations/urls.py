"""Apps → Integrations, the same from Settings, and the providers' webhooks."""

from __future__ import annotations

from django.urls import path

from integrations import views
from integrations.zoom import webhooks

app_name = "integrations"

urlpatterns = [
    path("apps/integrations/", views.overview, name="list"),
    path("settings/integrations/", views.overview, name="settings_list"),
    path("apps/integrations/<slug:slug>/", views.detail, name="detail"),
    path("apps/integrations/<slug:slug>/connect/", views.connect, name="connect"),
    path("apps/integrations/<slug:slug>/callback/", views.callback, name="callback"),
    path("apps/integrations/<slug:slug>/remove/", views.remove, name="remove"),
    path("webhooks/zoom/", webhooks.receive, name="zoom_webhook"),
]
