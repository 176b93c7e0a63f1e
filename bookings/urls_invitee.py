"""The invitee's pages: the token is the key, so nobody signs in here."""

from django.urls import path

from bookings.views import invitee

app_name = "invitee"

urlpatterns = [
    path("b/<slug:token>/", invitee.booking, name="booking"),
    path("b/<slug:token>/reschedule/", invitee.reschedule, name="reschedule"),
    path("b/<slug:token>/cancel/", invitee.cancel, name="cancel"),
    path("b/<slug:token>/invite.ics", invitee.ics, name="ics"),
]
