"""The public pages. They take any first segment that no other path of ours took, so they are included last."""

from django.urls import path

from bookings.views import public

app_name = "public"

urlpatterns = [
    path("<slug:handle>/", public.organizer, name="organizer"),
    path("<slug:handle>/<slug:slug>/", public.event_type, name="event_type"),
    path("<slug:handle>/<slug:slug>/slots.json", public.slots_json, name="slots"),
]
