"""Fixtures for every app's tests. Registered by ``zinnect.tests.environment``."""

from __future__ import annotations

import copy
import os
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.core.cache import cache
from django.test import Client
from django.utils import translation
from pytest_django import Settings

from bookings.models import Organizer
from bookings.services import create_organizer
from integrations.sandbox.testing import Sandbox, start_sandbox
from zinnect.tests.browser import HOW, find_chromium

PASSWORD = "a long password of ada's"
PERSONAS = {
    "ada": ("Ada Ambrose", "Europe/Berlin"),
    "grace": ("Grace Gellert", "America/New_York"),
}

OrganizerFactory = Callable[..., Organizer]


@pytest.fixture(autouse=True)
def _empty_cache() -> Iterator[None]:
    """Nothing that one test left in the cache or the broker meets the next."""
    yield
    cache.clear()


@pytest.fixture(autouse=True)
def _english_again() -> Iterator[None]:
    """A request leaves its language in the thread, where no other request follows that would choose its own."""
    yield
    translation.deactivate()


@pytest.fixture(scope="session")
def django_db_keepdb() -> bool:
    """Test databases are dropped on a server that others use; a private one ends with the run."""
    return "TEST_DATABASE_URL" not in os.environ


@pytest.fixture
def organizer_named(db: None) -> OrganizerFactory:
    """``organizer_named("ada")``: a persona with working hours and the event type ``intro``; password ``PASSWORD``."""

    def make(handle: str = "ada", **changes: Any) -> Organizer:
        name, zone = PERSONAS.get(handle, (handle.title(), "UTC"))
        wanted = {"email": f"{handle}@example.com", "password": PASSWORD, "timezone": zone, "name": name}
        return create_organizer(handle=handle, **(wanted | changes))

    return make


@pytest.fixture
def ada(organizer_named: OrganizerFactory) -> Organizer:
    """The organizer of most tests: Ada, in Berlin."""
    return organizer_named("ada")


@pytest.fixture
def grace(organizer_named: OrganizerFactory) -> Organizer:
    """Another organizer, in New York, to whom none of Ada's rows belong."""
    return organizer_named("grace")


@pytest.fixture
def as_ada(ada: Organizer, client: Client) -> Client:
    """A test client that Ada is signed in with."""
    client.force_login(ada.user)
    return client


@pytest.fixture(scope="session")
def sandbox_process() -> Iterator[Sandbox]:
    """One sandbox for the whole run (one for each xdist worker)."""
    with start_sandbox() as sandbox:
        yield sandbox
        sandbox.http.close()


def _allow_consent_pages(settings: Settings, *urls: str) -> None:
    """Name the consent pages in the security policy, as settings.py does when it is given such URLs."""
    policy = copy.deepcopy(settings.CONTENT_SECURITY_POLICY)
    origins = [f"{parts.scheme}://{parts.netloc}" for parts in map(urlsplit, urls)]
    policy["DIRECTIVES"]["form-action"] = [*policy["DIRECTIVES"]["form-action"], *origins]
    settings.CONTENT_SECURITY_POLICY = policy


@pytest.fixture
def sandbox(sandbox_process: Sandbox, settings: Settings) -> Sandbox:
    """An empty sandbox in place of Zoom and Google, by settings alone. Mail stays in ``mailoutbox``."""
    sandbox_process.reset()
    environment = sandbox_process.environment()
    for name, value in environment.items():
        if name != "EMAIL_URL":
            setattr(settings, name, value)
    _allow_consent_pages(settings, environment["ZOOM_OAUTH_URL"], environment["GOOGLE_AUTH_URL"])
    return sandbox_process


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """The machine's own Chromium, which makes no request that a page did not ask for."""
    program = find_chromium()
    if program is None:
        pytest.fail(HOW)
    return {
        **browser_type_launch_args,
        "executable_path": program,
        "args": ["--no-sandbox", "--disable-background-networking"],
    }
