"""The whole product as it runs in production, on PostgreSQL and Redis, against a sandbox started by hand."""

from __future__ import annotations

import base64
import binascii
import os
import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest
import redis
from cryptography.fernet import Fernet
from psycopg import sql

from integrations.sandbox.testing import Sandbox
from zinnect.demo.environment import DEFAULTS, isolated
from zinnect.demo.people import InviteeInPerson, OrganizerInPerson, Person, Shown
from zinnect.demo.product import Product, manage, run, start_sandbox
from zinnect.demo.seed import ADMIN, ADMIN_PASSWORD, EMAIL, HANDLE, PASSWORD
from zinnect.demo.verdict import faults_of_meet, faults_of_zoom, gather, gather_when_told
from zinnect.processes import Household, free_port
from zinnect.servers import start_redis

pytestmark = [pytest.mark.system, pytest.mark.postgres]

BASE64 = re.compile(r"[A-Za-z0-9+/]{40,}={0,2}")


class RedisWatch(threading.Thread):
    """Writes down every command that Redis gets, as MONITOR shows it."""

    def __init__(self, url: str) -> None:
        super().__init__(daemon=True)
        self.client = redis.Redis.from_url(url, socket_timeout=None)
        self.seen: list[str] = []
        self.listening = threading.Event()

    def run(self) -> None:
        with self.client, self.client.monitor() as monitor:  # type: ignore[no-untyped-call]
            self.listening.set()
            try:
                for command in monitor.listen():
                    self.seen.append(str(command["command"]))
            except redis.ConnectionError:
                return  # the server has ended, and with it the test


@dataclass
class System:
    """Two web processes, two workers and beat, with what they run on."""

    product: Product
    sandbox: Sandbox
    watch: RedisWatch
    organizer: OrganizerInPerson
    invitee: InviteeInPerson
    emails: list[str] = field(default_factory=list)

    def book(self, email: str, *, pick: int = 0) -> Shown:
        """Book as ``email`` and wait until the link is there."""
        booked = self.invitee.book(
            f"/{HANDLE}/intro/", name="Sample Invitee", email=email, tz="Europe/Paris", pick=pick
        )
        return self.invitee.wait_for(booked)

    def wrong_with_zoom(self, email: str, shown: Shown) -> list[str]:
        """What is wrong with a booking that should have got a Zoom link."""
        return faults_of_zoom(gather_when_told(self.sandbox, shown, invitee=email, organizer=EMAIL), shown)

    def wrong_with_meet(self, email: str, shown: Shown) -> list[str]:
        """What is wrong with a booking that should have got a Meet link."""
        return faults_of_meet(gather_when_told(self.sandbox, shown, invitee=email, organizer=EMAIL), shown)


@pytest.fixture
def household() -> Iterator[Household]:
    """Ends everything that a test started."""
    with Household() as household:
        yield household


@pytest.fixture
def database_url() -> Iterator[str]:
    """A database of its own on the server that the tests run on."""
    server = os.environ["DATABASE_URL"]
    name = f"system_{os.getpid()}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        yield urlsplit(server)._replace(path=f"/{name}").geturl()
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@pytest.fixture
def system(household: Household, database_url: str, tmp_path: Path) -> System:
    """Everything started, by the contract's variables alone; the organizer and the admin exist."""
    redis_url = start_redis(household).url
    watch = RedisWatch(redis_url)
    watch.start()
    assert watch.listening.wait(5)
    ports = [free_port(), free_port()]
    by_hand = [f"--{name}-port={free_port()}" for name in ("zoom", "google", "control", "smtp")]
    sandbox = start_sandbox(household, tmp_path, *by_hand)
    env = isolated(
        **sandbox.environment(),
        BASE_URL=f"http://127.0.0.1:{ports[0]}",
        ALLOWED_HOSTS="127.0.0.1",
        DATABASE_URL=database_url,
        REDIS_URL=redis_url,
        LOG_LEVEL="DEBUG",
        SWEEP_SECONDS="2",
    )
    del env["ZINNECT_SANDBOX"]
    manage("collectstatic", "--noinput", "--verbosity", "0", env=env)
    run("-m", "zinnect.demo.seed", env=env)
    product = Product(household, tmp_path, env)
    for _ in range(2):
        product.worker(level="DEBUG")
    product.beat(level="DEBUG")
    for port in ports:
        product.web(port, workers=1)
    organizer, invitee = (f"http://127.0.0.1:{port}" for port in ports)
    return System(product, sandbox, watch, OrganizerInPerson(organizer), InviteeInPerson(invitee))


def test_zoom_replaces_meet_until_it_is_removed_and_again_when_it_is_connected_again(
    system: System, database_url: str
) -> None:
    sandbox, organizer = system.sandbox, system.organizer
    organizer.sign_in(EMAIL, PASSWORD)
    organizer.connect("google", sandbox)
    organizer.connect("zoom", sandbox)

    first = system.book("first@example.org")
    assert system.wrong_with_zoom("first@example.org", first) == []

    organizer.remove("zoom")
    second = system.book("second@example.org")
    assert system.wrong_with_meet("second@example.org", second) == []

    system.invitee.cancel(first)
    _event_is_cancelled_and_meeting_is_left_alone(sandbox, first, "first@example.org")

    organizer.connect("zoom", sandbox)
    third = system.book("third@example.org", pick=-1)
    assert system.wrong_with_zoom("third@example.org", third) == []

    _no_secret_is_anywhere(system, database_url)


def _event_is_cancelled_and_meeting_is_left_alone(sandbox: Sandbox, shown: Shown, email: str) -> None:
    def told() -> bool:
        return [entry["kind"] for entry in sandbox.ledger(email)] == ["invitation", "cancelled"]

    sandbox.wait(told, seconds=20)
    evidence = gather(sandbox, shown, invitee=email, organizer=EMAIL)
    assert evidence.event["status"] == "cancelled"
    assert [meeting["state"] for meeting in evidence.meetings] == ["live"]
    assert sandbox.calls("meetings.delete") == []


def _no_secret_is_anywhere(system: System, database_url: str) -> None:
    """Everything that was written down anywhere, looked through by the one who issued the secrets."""
    sandbox = system.sandbox
    issued = sandbox.state()["tokens"]["counts"]
    assert issued.keys() >= {"zoom.access.live", "zoom.refresh.live", "google.access.live", "google.refresh.live"}
    places = {
        "database": _dump(database_url),
        "logs": _logs(system.product.folder),
        "Redis": "\n".join(system.watch.seen),
        "admin": _admin_pages(system.organizer.base_url),
    }
    # That each place was really read: what must stand in it does.
    assert "first@example.org" in places["database"]
    assert "bookings.tasks.arrange_booking" in places["logs"]
    assert "bookings.tasks.arrange_booking" in places["Redis"]
    assert "first@example.org" in places["admin"]
    # That a secret would be found: those in the database are, once they are decrypted.
    assert len(sandbox.leaks(_stored_tokens(database_url))) == 4
    assert {name: leaked for name, text in places.items() if (leaked := sandbox.leaks(_decoded(text)))} == {}


def _stored_tokens(url: str) -> str:
    """The tokens that the product keeps, in plain text; InvalidToken where one is not encrypted."""
    key = Fernet(DEFAULTS["ENCRYPTION_KEYS"])
    with psycopg.connect(url) as connection:
        rows = connection.execute("SELECT access_token, refresh_token FROM integrations_connection").fetchall()
    return "\n".join(key.decrypt(ciphertext).decode() for row in rows for ciphertext in row)


def _dump(url: str) -> str:
    """All rows of all tables as text."""
    with psycopg.connect(url) as connection:
        names = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
        return "\n".join(_table(connection, name) for (name,) in names)


def _table(connection: psycopg.Connection[tuple[object, ...]], name: str) -> str:
    with connection.cursor().copy(sql.SQL("COPY {} TO STDOUT").format(sql.Identifier(name))) as rows:
        return "".join(bytes(row).decode() for row in rows)


def _logs(folder: Path) -> str:
    """The logs of the product; the sandbox's own first line holds the credentials that it gives out."""
    return "\n".join(path.read_text() for path in folder.glob("*.log") if path.name != "sandbox.log")


def _admin_pages(base_url: str) -> str:
    """Every list of admin, and every row that a list shows."""
    admin = Person(base_url)
    page = admin.get("/admin/login/")
    admin.send(page, page.form("username"), username=ADMIN, password=ADMIN_PASSWORD)
    texts = [admin.http.get(f"{base_url}/admin/overview/", timeout=20).text]
    lists = _links(admin, "/admin/", r"/admin/\w+/\w+/")
    for path in sorted(lists):
        texts.append(admin.http.get(base_url + path, timeout=20).text)
        rows = sorted(_links(admin, path, re.escape(path) + r"[^/?\"]+/change/"))
        if path == "/admin/bookings/booking/":
            rows += [row.replace("/change/", "/by-hand/") for row in rows]
        texts += [admin.http.get(base_url + row, timeout=20).text for row in rows]
    assert len(texts) > len(lists), "admin shows no row"
    return "\n".join(texts)


def _links(person: Person, path: str, pattern: str) -> set[str]:
    return set(re.findall(f'href="({pattern})"', person.http.get(person.base_url + path, timeout=20).text))


def _decoded(text: str) -> str:
    """``text`` and whatever in it is base64: Celery's messages are."""
    found = [text]
    for chunk in BASE64.findall(text):
        try:
            found.append(base64.b64decode(chunk + "=" * (-len(chunk) % 4)).decode("utf-8", "replace"))
        except binascii.Error:
            continue  # letters that only look like it
    return "\n".join(found)
