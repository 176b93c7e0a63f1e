"""Starting everything: PostgreSQL's database, Redis, the sandbox, web, workers and beat; both accounts connected."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from zinnect.demo.environment import isolated
from zinnect.demo.people import InviteeInPerson, OrganizerInPerson
from zinnect.demo.product import Product, manage, run, start_sandbox
from zinnect.demo.seed import EMAIL, PASSWORD
from zinnect.processes import Household, free_port
from zinnect.servers import start_redis
from zinnect.tests.faults.harness import Stage
from zinnect.tests.faults.records import database

# One second for a call, so that a fault costs one; leases and sweeps in proportion.
TIMES = {
    "PROVIDER_TIMEOUT_SECONDS": "1",
    "ARRANGE_LEASE_SECONDS": "6",
    "SWEEP_SECONDS": "1",
    "MEETING_FALLBACK_SECONDS": "60",
    "RATE_LIMITS": "off",
}


def collect_static_files() -> None:
    """Once before anything is started: products that run side by side share the folder."""
    manage("collectstatic", "--noinput", "--verbosity", "0", env=isolated())


@contextmanager
def stage(server: str, folder: Path, **changes: str) -> Iterator[Stage]:
    """Everything started and both accounts connected; ``changes`` are variables of the environment."""
    name = f"faults_{os.getpid()}_{secrets.token_hex(4)}"
    with Household() as household, database(server, name) as database_url:
        yield _start(household, database_url, folder, {**TIMES, **changes})


def _start(household: Household, database_url: str, folder: Path, times: dict[str, str]) -> Stage:
    redis, port = start_redis(household), free_port()
    webhooks = f"--product-webhook-url=http://127.0.0.1:{port}/webhooks/zoom/"
    sandbox = start_sandbox(household, folder, webhooks)
    env = isolated(
        **sandbox.environment(),
        BASE_URL=f"http://127.0.0.1:{port}",
        DATABASE_URL=database_url,
        REDIS_URL=redis.url,
        **times,
    )
    del env["ZINNECT_SANDBOX"]
    run("-m", "zinnect.demo.seed", env=env)
    product = Product(household, folder, env)
    workers = [product.worker(), product.worker()]
    beat, web, base_url = product.beat(), product.web(port, workers=2), f"http://127.0.0.1:{port}"
    organizer, invitee = OrganizerInPerson(base_url), InviteeInPerson(base_url)
    sandbox.act("daily_limit", limit=100_000)
    organizer.sign_in(EMAIL, PASSWORD)
    for provider in ("google", "zoom"):
        organizer.connect(provider, sandbox)
    running = Stage(
        household=household,
        product=product,
        sandbox=sandbox,
        database_url=database_url,
        redis=redis,
        base_url=base_url,
        organizer=organizer,
        invitee=invitee,
        workers=workers,
        beat=beat,
        web=web,
    )
    running.open_day_and_night()  # enough times for all
    return running
