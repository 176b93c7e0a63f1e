"""`python -m integrations.sandbox`: start all ports, say where they are in one line of JSON, run until told to end."""

from __future__ import annotations

import argparse
import ctypes
import json
import os
import signal
import sys
import threading
from dataclasses import fields
from types import FrameType

from . import control, google_calendar, mailbox, zoom_api
from .server import Port
from .state import Config, Json, World

PR_SET_PDEATHSIG = 1


def arguments(argv: list[str] | None = None) -> argparse.Namespace:
    """The command line: ports (0 is any), and every field of `Config`."""
    parser = argparse.ArgumentParser(prog="python -m integrations.sandbox", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    for name in ("zoom", "google", "control", "smtp"):
        parser.add_argument(f"--{name}-port", type=int, default=0)
    defaults = Config()
    for item in fields(Config):
        if item.name != "redirect_uris":
            parser.add_argument(f"--{item.name.replace('_', '-')}", default=getattr(defaults, item.name))
    parser.add_argument("--redirect-uri", action="append", default=[], dest="redirect_uris")
    return parser.parse_args(argv)


def die_with_parent() -> None:
    """On Linux, end when the process that started this one ends (prctl(2)); elsewhere nothing."""
    if os.environ.get("ZINNECT_DIE_WITH_PARENT") != "1" or not sys.platform.startswith("linux"):
        return
    parent = os.getppid()
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent:
        os._exit(0)


def addresses(world: World, options: argparse.Namespace) -> Json:
    """Open all ports; where everything is, and the app credentials a product needs."""
    zoom = Port(options.host, options.zoom_port, zoom_api.SERVICE, world).url
    google = Port(options.host, options.google_port, google_calendar.SERVICE, world).url
    inspect = Port(options.host, options.control_port, control.SERVICE, world).url
    smtp = mailbox.start(world, options.host, options.smtp_port)
    world.zoom_origin = zoom
    config = world.config
    return {
        "zoom_oauth_url": f"{zoom}/oauth",
        "zoom_api_url": f"{zoom}/v2",
        "google_auth_url": f"{google}/o/oauth2/v2/auth",
        "google_token_url": f"{google}/token",
        "google_revoke_url": f"{google}/revoke",
        "google_api_url": google,
        "control_url": inspect,
        "mailbox_url": f"{inspect}/mailbox/",
        "smtp": f"smtp://{options.host}:{smtp}",
        "zoom_client_id": config.zoom_client_id,
        "zoom_client_secret": config.zoom_client_secret,
        "zoom_webhook_secret": config.zoom_webhook_secret,
        "google_client_id": config.google_client_id,
        "google_client_secret": config.google_client_secret,
        "pid": os.getpid(),
    }


def main() -> None:
    """Run until SIGTERM or SIGINT; all state ends with the process."""
    die_with_parent()
    ended = threading.Event()

    def end(number: int, frame: FrameType | None) -> None:
        ended.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, end)
    options = arguments()
    config = Config(**{item.name: getattr(options, item.name) for item in fields(Config)})
    print(json.dumps(addresses(World(config), options)), flush=True)
    ended.wait()
    os._exit(0)


if __name__ == "__main__":
    main()
