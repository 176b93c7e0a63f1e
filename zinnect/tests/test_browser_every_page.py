"""Every page that somebody can come to, in every state, is read by axe, and none scrolls sideways."""

from __future__ import annotations

from typing import Any, Literal
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.test import override_settings
from django.urls import resolve
from playwright.sync_api import Page
from pytest_django.live_server_helper import LiveServer

from zinnect.tests.screenshots.camera import arrive
from zinnect.tests.screenshots.scenes import ROOMS
from zinnect.tests.screenshots.world import furnish
from zinnect.tests.security.test_authorization import routes
from zinnect.tests.test_browser_public import BERLIN, NewContext

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

NARROWEST = 320
# No page has sound or film, which is what axe would load beforehand.
SHORT = {"resultTypes": ["violations"], "preload": False}
# WCAG 2.2 A and AA as axe names them. target-size is the one rule that axe leaves off unless it is asked for (24 px).
WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
RULES = {**SHORT, "runOnly": WCAG, "rules": {"target-size": {"enabled": True}}}
# In the dark, colours are all that can be worse.
COLOURS = {**SHORT, "runOnly": ["color-contrast", "link-in-text-block"]}
SCHEMES: tuple[tuple[Literal["light", "dark"], dict[str, Any]], ...] = (("light", RULES), ("dark", COLOURS))
RUN = "rules => axe.run(rules).then(found => found.violations.map(rule => `${rule.id} ${rule.nodes[0].html}`))"
SCROLLS_SIDEWAYS = "document.documentElement.scrollWidth > document.documentElement.clientWidth"

# Routes that no scene shows, and why.
NO_PAGE = {
    "healthz": "plain text for probes",
    "readyz": "JSON for probes",
    "metrics": "text for Prometheus",
    "mail-preview/html/": "a mail, in the frame of mail-preview",
    "webhooks/zoom/": "for Zoom's servers",
    "b/<slug:token>/invite.ics": "a file",
    "<slug:handle>/<slug:slug>/slots.json": "JSON",
    "accounts/2fa/recovery-codes/download/": "a file",
    "accounts/password/set/": "leads to password/change: everybody has a password",
    "accounts/login/code/confirm/": "leads to the bookings: sign-in by code is off",
    "bookings/<uuid:uid>/retry/": "POST only",
    "event-types/<int:pk>/toggle/": "POST only",
    "event-types/<int:pk>/delete/": "POST only",
    "availability/new/": "POST only",
    "availability/<int:schedule>/name/": "POST only",
    "availability/<int:schedule>/default/": "POST only",
    "availability/<int:schedule>/delete/": "POST only",
    "availability/<int:schedule>/dates/": "POST only",
    "availability/<int:schedule>/dates/<day:day>/remove/": "POST only",
    "availability/<int:schedule>/days-off/": "POST only",
    "availability/<int:schedule>/days-off/<int:pk>/remove/": "POST only",
    "apps/integrations/<slug:slug>/connect/": "POST only",
    "apps/integrations/google/calendars/refresh/": "POST only",
}
# Pages that a scene comes to by what it does on the page before, and the scene.
REACHED = {"accounts/2fa/authenticate/": "account-2fa-sign-in"}


# The settings of the sites that scenes are of: see sites.py, which starts each as processes.
APPS = {f"{provider}_CLIENT_{part}": "an app" for provider in ("ZOOM", "GOOGLE") for part in ("ID", "SECRET")}
NO_APPS = dict.fromkeys(APPS, "")
SITES: dict[str, dict[str, Any]] = {
    "plain": {**APPS, "ALLOWED_HOSTS": ["localhost"]},
    "debug": {**NO_APPS, "DEBUG": True},
    "strict": {**APPS, "SIGNUP_OPEN": False, "RATE_LIMITS": "default", "ACCOUNT_RATE_LIMITS": {}},
}


def complaints(page: Page, name: str) -> list[str]:
    """What axe finds at two widths in both schemes, and a page that is wider than the narrowest window."""
    page.set_viewport_size({"width": NARROWEST, "height": 800})
    found = ["scrolls sideways"] if page.evaluate(SCROLLS_SIDEWAYS) else []
    page.evaluate(Axe().axe_script)
    for width in (360, 1280):
        page.set_viewport_size({"width": width, "height": 800})
        for scheme, rules in SCHEMES:
            page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            found += [f"{width}, {scheme}: {problem}" for problem in page.evaluate(RUN, rules)]
    return [f"{name}, {problem}" for problem in found]


@pytest.mark.parametrize("room", ROOMS)
def test_nobody_is_shut_out(live_server: LiveServer, new_context: NewContext, room: str) -> None:
    found: list[str] = []
    page = new_context(bypass_csp=True, base_url=live_server.url, **BERLIN).new_page()
    for scene in ROOMS[room](furnish()):
        with override_settings(**SITES[scene.site]):
            arrive(page, scene, live_server.url)
            found += complaints(page, scene.name)
        if scene.name in REACHED.values():
            assert REACHED[resolve(urlsplit(page.url).path).route] == scene.name
    assert found == []


def test_every_route_is_a_scene_or_no_page() -> None:
    world = furnish()
    all_scenes = [scene for room in ROOMS.values() for scene in room(world)]
    shown = {resolve(urlsplit(scene.path).path).route for scene in all_scenes if scene.status == 200} | set(REACHED)
    # A match tells its route without the ^ that an included pattern begins with.
    wanted = {route.replace("/^", "/") for route in routes() if not route.startswith("admin/")}
    assert set(REACHED.values()) <= {scene.name for scene in all_scenes}
    assert shown & set(NO_PAGE) == set()
    assert wanted - shown - set(NO_PAGE) == set()


def test_the_rules_see_what_they_are_for(new_context: NewContext) -> None:
    page = new_context().new_page()
    page.set_content("""<!doctype html><html lang="en"><title>Bad</title><main><h1>Bad</h1>
        <p style="color: #999; width: 500px">Pale</p><img src="data:,">
        <button aria-label="One" style="width: 9px; height: 9px; padding: 0"></button
        ><button aria-label="Two" style="width: 9px; height: 9px; padding: 0"></button></main>""")
    found = " ".join(complaints(page, "bad"))
    for rule in ("scrolls sideways", "color-contrast", "target-size", "image-alt", "360, dark", "1280, dark"):
        assert rule in found
