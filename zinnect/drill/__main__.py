"""``make restore-drill``: back up a running product, lose it, restore it elsewhere, and book with it.

Everything is started here and ended here: PostgreSQL, Redis, the stand-ins for Zoom and Google, the product twice. The
restored one gets a new database and an empty Redis, and of the old one nothing but the dump and the environment, in
which the keys are.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from requests import PreparedRequest, Response
from requests.adapters import HTTPAdapter

from integrations.sandbox.testing import Sandbox
from zinnect.demo.environment import isolated
from zinnect.demo.people import InviteeInPerson, OrganizerInPerson, Refused, Shown
from zinnect.demo.product import CommandFailed, Product, manage, run, start_sandbox
from zinnect.demo.seed import EMAIL, HANDLE, PASSWORD
from zinnect.demo.supervisor import stop_on_signals
from zinnect.demo.verdict import faults_of_zoom, gather_when_told
from zinnect.drill import backup
from zinnect.processes import DidNotStart, Household, free_port
from zinnect.servers import ServerMissing, find_postgres, start_postgres, start_redis

HOST = "book.example.com"
BASE_URL = f"https://{HOST}"
PROVIDERS = ("google", "zoom")
SECONDS = 30
BEFORE, AFTER = "before@example.org", "after@example.org"


def main() -> int:
    """0 when the restored product did everything."""
    stop_on_signals()
    began = time.monotonic()
    try:
        faults = list(drill())
    except (ServerMissing, DidNotStart, CommandFailed, Refused, LookupError, subprocess.CalledProcessError) as error:
        faults = [str(error)]
    for fault in faults:
        print(f"WRONG: {fault}")
    print(f"{'The restore failed' if faults else 'Restored, and booked with'}, in {time.monotonic() - began:.0f} s.")
    return 1 if faults else 0


def drill() -> Iterator[str]:
    """What went wrong, sentence by sentence."""
    with Household() as household:
        folder, programs = household.folder(), find_postgres()
        server = start_postgres(household, programs=programs).url
        back = [f"--redirect-uri={BASE_URL}/apps/integrations/{name}/callback/" for name in PROVIDERS]
        sandbox = start_sandbox(household, folder, *back)
        dump = folder / "zinnect.dump"
        env = _environment(sandbox, folder)
        first = backup.create(server, "first")
        with _product(household, folder, env, first) as (product, port):
            before = _first_life(product, sandbox, port)
            backup.dump(programs, first, dump)
        backup.drop(server, "first")
        print(f"Booked {before.join_url}; dumped {dump.stat().st_size // 1024} KB; the database is gone. Restoring ...")
        second = backup.create(server, "second")
        backup.restore(programs, second, dump)
        with _product(household, folder, env, second) as (product, port):
            yield from _second_life(product, sandbox, port, before)


def _environment(sandbox: Sandbox, folder: Path) -> dict[str, str]:
    """Production, behind a proxy that ends TLS: only so is ``doctor`` content."""
    env = isolated(
        **sandbox.environment(),
        BASE_URL=BASE_URL,
        ALLOWED_HOSTS=HOST,
        TRUSTED_PROXIES="1",
        RATE_LIMITS="off",
        SWEEP_SECONDS="2",
        STATIC_ROOT=str(folder / "static"),
    )
    run("manage.py", "collectstatic", "--noinput", env=env)
    return env


@contextmanager
def _product(household: Household, folder: Path, env: dict[str, str], database: str) -> Iterator[tuple[Product, int]]:
    """The product on ``database`` and a Redis of its own, ended afterwards."""
    port, redis = free_port(), start_redis(household)
    product = Product(household, folder, {**env, "DATABASE_URL": database, "REDIS_URL": redis.url})
    processes = [product.worker(), product.beat(), product.web(port, workers=1)]
    yield product, port
    for child in [*reversed(processes), redis.child]:
        household.end(child)


def _first_life(product: Product, sandbox: Sandbox, port: int) -> Shown:
    """An organizer connects both accounts and is booked."""
    manage("migrate", "--noinput", env=product.env)
    manage("create_organizer", "--email", EMAIL, "--password", PASSWORD, "--handle", HANDLE, env=product.env)
    organizer = OrganizerInPerson(BASE_URL)
    organizer.http.mount(BASE_URL, Proxy(port))
    organizer.sign_in(EMAIL, PASSWORD)
    for provider in PROVIDERS:
        organizer.connect(provider, sandbox)
    invitee = _invitee(port)
    return invitee.wait_for(_book(invitee, BEFORE))


def _second_life(product: Product, sandbox: Sandbox, port: int, before: Shown) -> Iterator[str]:
    """The old booking is there, a new one goes through with the stored tokens, and doctor is content."""
    invitee = _invitee(port)
    shown = invitee.look(before.url)
    if (shown.status, shown.join_url) != ("ready", before.join_url):
        yield f"the booking of before is {shown.status} with {shown.join_url!r}"
    after = invitee.wait_for(_book(invitee, AFTER))
    print(f"Booked {after.join_url} by the restored product. What doctor says of it:\n")
    yield from faults_of_zoom(gather_when_told(sandbox, after, invitee=AFTER, organizer=EMAIL), after)
    _wait_until_all_are_heard(invitee)
    print(manage("doctor", env=product.env))


def _wait_until_all_are_heard(visitor: InviteeInPerson) -> None:
    """Broker, workers and beat; raises DidNotStart."""
    deadline = time.monotonic() + SECONDS
    while (said := visitor.http.get(f"{BASE_URL}/readyz", timeout=SECONDS).json())["status"] != "ok":
        if time.monotonic() > deadline:
            raise DidNotStart(f"/readyz still says {said}")
        time.sleep(0.2)


def _invitee(port: int) -> InviteeInPerson:
    invitee = InviteeInPerson(BASE_URL)
    invitee.http.mount(BASE_URL, Proxy(port))
    return invitee


def _book(invitee: InviteeInPerson, email: str) -> Shown:
    return invitee.book(f"/{HANDLE}/intro/", name="Sample Invitee", email=email, tz="Europe/Berlin")


class Proxy(HTTPAdapter):
    """What stands in front in production: takes https:// for the public name and passes it on by HTTP."""

    def __init__(self, port: int) -> None:
        super().__init__()
        self.inside = f"http://127.0.0.1:{port}"

    def send(self, request: PreparedRequest, *args: Any, **kwargs: Any) -> Response:
        """Pass on; the answer is that of the public name."""
        inner = request.copy()
        inner.url = (request.url or "").replace(BASE_URL, self.inside, 1)
        inner.headers.update({"Host": HOST, "X-Forwarded-Proto": "https", "X-Forwarded-For": "192.0.2.1"})
        answer = super().send(inner, *args, **kwargs)
        answer.url, answer.request = request.url or "", request
        return answer


if __name__ == "__main__":
    sys.exit(main())
