"""What belongs to the calendar integration alone, below its page."""

from __future__ import annotations

from django.urls import path

from calendars import views

app_name = "calendars"

urlpatterns = [
    path("apps/integrations/google/calendars/", views.calendars, name="calendars"),
    path("apps/integrations/google/calendars/refresh/", views.read_again, name="refresh"),
]
