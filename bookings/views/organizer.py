"""What all of the organizer's pages share: who may see them, in which zone they speak, and what is still missing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import wraps
from typing import Concatenate, ParamSpec, cast
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.cache import add_never_cache_headers

from bookings.models import Booking, Organizer
from integrations import providers, usage
from integrations.models import Connection

P = ParamSpec("P")


class OrganizerRequest(HttpRequest):
    """A request of somebody who is signed in and publishes a page."""

    organizer: Organizer


def organizer_required(
    view: Callable[Concatenate[OrganizerRequest, P], HttpResponse],
) -> Callable[Concatenate[HttpRequest, P], HttpResponse]:
    """For signed-in organizers: times are shown in their zone. Who has no page yet is sent to the first steps."""

    @login_required
    @wraps(view)
    def guarded(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        organizer = organizer_of(request.user)
        if organizer is None:
            return redirect("organizer:start")
        request = cast(OrganizerRequest, request)
        request.organizer = organizer
        with timezone.override(organizer.timezone):
            response = view(request, *args, **kwargs)
        add_never_cache_headers(response)
        return response

    return cast("Callable[Concatenate[HttpRequest, P], HttpResponse]", guarded)


def own_booking(request: OrganizerRequest, uid: UUID) -> Booking:
    """The organizer's own booking, or 404."""
    mine = Booking.objects.select_related("event_type__schedule", "event_type__organizer", "organizer__user")
    return get_object_or_404(mine, uid=uid, organizer=request.organizer)


def submitted(request: HttpRequest) -> QueryDict | None:
    """What was posted, for a form; None where the page is only looked at. An empty post is a post."""
    return request.POST if request.method == "POST" else None


def organizer_of(user: AbstractBaseUser | AnonymousUser) -> Organizer | None:
    """The organizer that a user is, if any."""
    if user.pk is None:
        return None
    return Organizer.objects.select_related("user").filter(user_id=user.pk).first()


@dataclass(frozen=True)
class Step:
    """A service that an organizer connects once, and whether that is done."""

    slug: str
    name: str
    configured: bool
    connected: bool
    needs_reconnect: bool


def steps(user_id: int) -> list[Step]:
    """Every service that can be connected, in the order in which they are offered."""
    status = dict(Connection.objects.filter(user_id=user_id).values_list("provider", "status"))
    return [
        Step(
            slug=provider.slug,
            name=provider.name,
            configured=provider.configured,
            connected=status.get(provider.slug) == Connection.Status.CONNECTED,
            needs_reconnect=status.get(provider.slug) == Connection.Status.NEEDS_RECONNECT,
        )
        for provider in providers.all_providers()
    ]


def page(
    request: OrganizerRequest, template: str, context: Mapping[str, object] | None = None, *, status: int = 200
) -> HttpResponse:
    """An organizer's page, with banners for what is missing or nearly used up. ``template``: in bookings/organizer/."""
    missing = [step for step in steps(request.organizer.user_id) if step.configured and not step.connected]
    near_limit = [used for used in usage.today(request.organizer.user) if used.is_near]
    shared = {"organizer": request.organizer, "missing": missing, "near_limit": near_limit}
    return render(request, f"bookings/organizer/{template}", {**shared, **(context or {})}, status=status)
