"""Apps → Integrations: the list, one page for each provider, connect, come back, remove."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import AbstractBaseUser
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render, resolve_url
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from integrations import oauth, providers
from integrations.cards import calendar_missing, card_of, cards, upcoming
from integrations.keeping import not_allowed
from integrations.providers import Provider
from integrations.usage import zone_of

HISTORY = 10
PROBLEMS = {"needs_reconnect", "incomplete", "deauthorized", "revocation_failed", "calendars_unread", "calendar_gone"}


@login_required
@require_GET
def overview(request: HttpRequest) -> HttpResponse:
    """All integrations. Reached from "Apps" and from "Settings"."""
    all_cards = cards(_user(request))
    context = {
        "cards": all_cards,
        "calendar_missing": calendar_missing(all_cards),
        "zone": zone_of(_user(request)),
    }
    return render(request, "integrations/list.html", context)


@login_required
@require_GET
@never_cache
def detail(request: HttpRequest, slug: str) -> HttpResponse:
    """One integration: what it does and may do, its state, and its history."""
    provider, all_cards = _provider(slug), cards(_user(request))
    shown = card_of(all_cards, provider)
    connection = shown.connection
    context = {
        "card": shown,
        "provider": provider,
        "connection": connection,
        "events": connection.events.all()[:HISTORY] if connection is not None else [],
        "problems": PROBLEMS,
        "calendar_missing": provider.meetings is not None and calendar_missing(all_cards),
        "zone": zone_of(_user(request)),
        "return_to": request.GET.get("next", ""),
    }
    return render(request, "integrations/detail.html", context)


@login_required
@require_POST
@never_cache
def connect(request: HttpRequest, slug: str) -> HttpResponse:
    """Off to the provider's consent page."""
    provider = _provider(slug)
    if not provider.configured:
        messages.error(request, _("%(name)s is not configured on this site.") % {"name": provider.name})
        return redirect("integrations:detail", slug)
    try:
        url = oauth.begin(
            user=_user(request),
            session_key=_session_key(request),
            provider=provider,
            return_to=request.POST.get("return_to", ""),
        )
    except oauth.ProviderError as error:
        messages.error(request, error.message)
        return redirect("integrations:detail", slug)
    return HttpResponseRedirect(url)


@require_GET
@never_cache
def callback(request: HttpRequest, slug: str) -> HttpResponse:
    """Back from the provider. Whatever happened becomes a sentence on our own page; the code never stays in a URL."""
    provider = _provider(slug)
    page = reverse("integrations:detail", args=[slug])
    if not request.user.is_authenticated:
        messages.warning(request, _("Please sign in, then connect %(name)s again.") % {"name": provider.name})
        return HttpResponseRedirect(f"{resolve_url('account_login')}?{urlencode({'next': page})}")
    try:
        connection, return_to = oauth.complete(
            user=request.user, session_key=_session_key(request), provider=provider, answer=request.GET.dict()
        )
    except oauth.Refused as refusal:
        messages.warning(request, str(refusal))
        return HttpResponseRedirect(page)
    if connection.usable:
        messages.success(request, _("%(name)s is connected.") % {"name": provider.name})
        if withheld := provider.withheld(connection.scope_set):
            messages.warning(request, not_allowed(withheld))
    else:
        messages.warning(request, connection.last_error)
    return HttpResponseRedirect(return_to or page)


@login_required
@require_http_methods(["GET", "POST"])
@never_cache
def remove(request: HttpRequest, slug: str) -> HttpResponse:
    """Say what will stop and what will stay, then do it."""
    shown = card_of(cards(_user(request)), _provider(slug))
    if shown.connection is None or not shown.connection.attached:
        messages.info(request, _("%(name)s is not connected.") % {"name": shown.provider.name})
        return redirect("integrations:detail", slug)
    if request.method == "POST":
        oauth.remove(shown.connection, by="organizer")
        messages.success(request, _("%(name)s was removed.") % {"name": shown.provider.name})
        return redirect("integrations:detail", slug)
    context = {"card": shown, "provider": shown.provider, "upcoming": upcoming(shown)}
    return render(request, "integrations/remove.html", context)


def _user(request: HttpRequest) -> AbstractBaseUser:
    """The signed-in user, as ``login_required`` made sure of."""
    if not request.user.is_authenticated:
        raise Http404
    return request.user


def _provider(slug: str) -> Provider:
    try:
        return providers.get(slug)
    except KeyError:
        raise Http404 from None


def _session_key(request: HttpRequest) -> str:
    """The session's key; a session is begun where there is none."""
    if not request.session.session_key:
        request.session.create()
    return request.session.session_key or ""
