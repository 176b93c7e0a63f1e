"""Pages that are the same for everybody: the front door, the help, the privacy note."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """What this is, for strangers; who is signed in goes to the bookings."""
    if request.user.is_authenticated:
        return redirect("organizer:bookings")
    return render(request, "pages/home.html")


@require_safe
def help_zoom(request: HttpRequest) -> HttpResponse:
    """The Zoom integration, heading by heading (product.md, rule 12). For everybody."""
    return render(request, "pages/help_zoom.html")


@require_safe
def privacy(request: HttpRequest) -> HttpResponse:
    """What is kept, why, and for how long. For everybody."""
    return render(request, "pages/privacy.html")
