"""Sets the demo up, keeps it running, and clears up after it."""

from __future__ import annotations

import os
import signal
import socket
import time
from pathlib import Path
from types import FrameType
from typing import NoReturn

import environ

from integrations.sandbox.testing import Sandbox
from zinnect.demo.environment import isolated
from zinnect.demo.product import ROOT, Product, manage, run, start_sandbox
from zinnect.demo.seed import ADMIN, ADMIN_PASSWORD, EMAIL, HANDLE, PASSWORD
from zinnect.demo.walk import walk
from zinnect.processes import Household, free_port
from zinnect.servers import start_redis


class Ended(Exception):
    """A process that should be running is not; the message holds the end of its log."""


def stop_on_signals() -> None:
    """Let SIGTERM and SIGHUP end the demo as Ctrl-C does, which a script's background would otherwise ignore."""

    def stop(number: int, frame: FrameType | None) -> NoReturn:
        raise KeyboardInterrupt

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, stop)


def port_or_free(wanted: int) -> int:
    """``wanted``, or any free port when somebody listens there."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", wanted))
        except OSError:
            return free_port()
    return wanted


def keep_running(household: Household) -> NoReturn:
    """Wait until a child ends by itself (raises Ended) or somebody presses Ctrl-C (KeyboardInterrupt)."""
    while True:
        if fallen := household.fallen():
            raise Ended(
                f"{fallen.name} ended with status {fallen.popen.returncode}. The end of its log:\n{fallen.tail()}"
            )
        time.sleep(0.5)


def _environment(folder: Path, sandbox: Sandbox, *, redis_url: str, base_url: str) -> dict[str, str]:
    return isolated(
        **sandbox.environment(),
        DEBUG="1",
        ZINNECT_SANDBOX="1",
        RATE_LIMITS="off",
        BASE_URL=base_url,
        DATABASE_URL=f"sqlite:///{folder / 'demo.sqlite3'}",
        REDIS_URL=redis_url,
    )


def _greeting(base_url: str, sandbox: Sandbox, folder: Path) -> str:
    return f"""
Zinnect Scheduler runs at {base_url}

  booking page   {base_url}/{HANDLE}/intro/
  organizer      {base_url}/accounts/login/   {EMAIL} / {PASSWORD}
  integrations   {base_url}/apps/integrations/
  admin          {base_url}/admin/   {ADMIN} / {ADMIN_PASSWORD}
  all mail       {sandbox.urls["mailbox_url"]}
  Zoom, Google   stand-ins; what they hold: {sandbox.urls["control_url"]}/state
  logs           {folder}/*.log
"""


def demo(*, once: bool) -> int:
    """Run the demo; the exit status."""
    with Household() as household:
        folder = household.folder(inside=ROOT / "data", prefix="demo-")
        redis_url = os.environ.get("REDIS_URL") or start_redis(household).url
        base_url = f"http://localhost:{port_or_free(free_port() if once else 8000)}"
        port = base_url.rsplit(":", 1)[1]
        webhooks = f"--product-webhook-url=http://127.0.0.1:{port}/webhooks/zoom/"
        sandbox = start_sandbox(household, folder, webhooks)
        env = _environment(folder, sandbox, redis_url=redis_url, base_url=base_url)
        print("Setting up the database ...", flush=True)
        run("-m", "zinnect.demo.seed", env=env)
        product = Product(household, folder, env)
        product.worker()
        product.beat()
        product.web(int(port), workers=1)
        print(_greeting(base_url, sandbox, folder), flush=True)
        if once:
            return _once(household, base_url, sandbox)
        print("Press Ctrl-C to end it.", flush=True)
        keep_running(household)


def _once(household: Household, base_url: str, sandbox: Sandbox) -> int:
    faults = walk(base_url, sandbox, email=EMAIL, password=PASSWORD, handle=HANDLE)
    faults += [f"{child.name} ended by itself:\n{child.tail()}" for child in household.children if not child.running]
    for fault in faults:
        print(f"WRONG: {fault}")
    if not faults:
        print("\nAll is right: the Zoom link replaced the Meet link, and everyone was told once.")
    return 1 if faults else 0


def development() -> int:
    """Run the product with the developer's own ``.env``; the exit status. The code reloads in the web process alone."""
    environ.Env.read_env(ROOT / ".env")
    with Household() as household:
        folder = household.folder(inside=ROOT / "data", prefix="run-")
        env = {"DEBUG": "1", **os.environ, "PYTHONUNBUFFERED": "1"}
        env["REDIS_URL"] = env.get("REDIS_URL") or start_redis(household).url
        manage("migrate", env=env)
        product = Product(household, folder, env)
        product.worker()
        product.beat()
        port = port_or_free(8000)
        product.development_web(port)
        print(f"http://localhost:{port} · logs: {folder}/*.log · Ctrl-C ends it", flush=True)
        keep_running(household)
