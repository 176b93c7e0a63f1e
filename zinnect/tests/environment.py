"""pytest plugin (``-p`` in pytest.ini): the environment that tests run in, made before Django reads its settings.

PostgreSQL and Redis are real: private instances that live as long as the run (``zinnect/servers.py``). Variables:

=================  ===================================================================================================
TEST_DATABASE      ``sqlite`` runs on SQLite, without the tests marked ``postgres``
TEST_DATABASE_URL  a PostgreSQL to use instead of a private one; databases ``test_…`` are made and dropped in it
TEST_REDIS_URL     a Redis to use instead of a private one; it is **emptied** between tests
CHROMIUM           the browser for tests marked ``browser``, where it is not found by itself
=================  ===================================================================================================
"""

from __future__ import annotations

import atexit
import os
import sys
from collections.abc import Generator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from zinnect.demo.environment import DEFAULTS
from zinnect.processes import Household
from zinnect.servers import ServerMissing, start_postgres, start_redis

# Every variable that settings read, so that neither a developer's .env nor their shell changes what the tests see.
ENVIRONMENT = {
    **DEFAULTS,
    "ALLOWED_HOSTS": "localhost,127.0.0.1,testserver",
    "RATE_LIMITS": "off",
    # Playwright's synchronous API keeps an event loop running in the thread that the tests run in.
    "DJANGO_ALLOW_ASYNC_UNSAFE": "1",
}

ON_SQLITE = os.environ.get("TEST_DATABASE") == "sqlite"


def _worker() -> str:
    """The xdist worker's name (``gw0``), or nothing in the process that the tests were started in."""
    return os.environ.get("PYTEST_XDIST_WORKER", "")


def _start_servers() -> None:
    """Set DATABASE_URL and REDIS_URL to servers that answer. xdist workers inherit them."""
    household = Household()
    atexit.register(household.close)
    if ON_SQLITE:
        os.environ["DATABASE_URL"] = f"sqlite:///{household.folder(prefix='zinnect-sqlite-') / 'tests.sqlite3'}"
    else:
        os.environ["DATABASE_URL"] = os.environ.get("TEST_DATABASE_URL") or start_postgres(household).url
    os.environ["REDIS_URL"] = os.environ.get("TEST_REDIS_URL") or start_redis(household).url


def _own_redis_database(number: int) -> None:
    parts = urlsplit(os.environ["REDIS_URL"])
    os.environ["REDIS_URL"] = parts._replace(path=f"/{number}").geturl()


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_load_initial_conftests() -> Generator[None]:
    """Before pytest-django loads the settings."""
    os.environ.update(ENVIRONMENT)
    if worker := _worker():
        _own_redis_database(1 + int(worker.removeprefix("gw")))
    else:
        try:
            _start_servers()
        except ServerMissing as error:
            raise pytest.UsageError(str(error)) from error
    return (yield)


@pytest.hookimpl(trylast=True)
def pytest_configure(config: pytest.Config) -> None:
    """What only tests may do: cheap password hashes, static files without a manifest, SQLite as a file for threads."""
    from django.conf import settings

    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    settings.STORAGES["staticfiles"]["BACKEND"] = "django.contrib.staticfiles.storage.StaticFilesStorage"
    settings.WHITENOISE_AUTOREFRESH = settings.WHITENOISE_USE_FINDERS = True
    if ON_SQLITE:
        folder = Path(urlsplit(os.environ["DATABASE_URL"]).path).parent
        settings.DATABASES["default"].setdefault("TEST", {})["NAME"] = str(folder / "test.sqlite3")
    # Here and not by -p: what is registered later wins, and it overrides a fixture of pytest-playwright.
    config.pluginmanager.import_plugin("zinnect.tests.fixtures")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark what asks a stand-in; on SQLite, leave out what needs PostgreSQL. The longest come first.

    So no worker ends long after the rest.
    """
    for item in items:
        if "sandbox" in getattr(item, "fixturenames", ()):
            item.add_marker("providers")
    if ON_SQLITE:
        needs_postgres = [item for item in items if item.get_closest_marker("postgres")]
        config.hook.pytest_deselected(items=needs_postgres)
        items[:] = [item for item in items if item not in needs_postgres]
    items.sort(key=lambda item: not item.get_closest_marker("system"))


def pytest_report_header() -> str:
    """Which database the run is on."""
    return (
        f"database: {'SQLite' if ON_SQLITE else 'PostgreSQL'}, python {sys.version_info.major}.{sys.version_info.minor}"
    )
