"""The invitee's pages: the token is the key, so nobody signs in here."""

from django.urls import path

from bookings.views import invitee

app_name = "invitee"

urlpatterns = [
    path("b/<str:token>/", invitee.booking, name="booking"),
    path("b/<str:token>/reschedule/", invitee.reschedule, name="reschedule"),
    path("b/<str:token>/cancel/", invitee.cancel, name="cancel"),
    path("b/<str:token>/invite.ics", invitee.ics, name="ics"),
]
