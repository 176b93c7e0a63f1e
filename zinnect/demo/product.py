"""The product as processes: web, worker and beat, as the Procfile names them."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast
from urllib.parse import urlsplit

import requests

from integrations.sandbox.testing import Sandbox
from zinnect.processes import Child, DidNotStart, Household

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 90.0


class CommandFailed(Exception):
    """A command ended with an error; the message holds its output."""


def run(*arguments: str, env: Mapping[str, str]) -> str:
    """Run Python with ``arguments`` to its end; its output. Raises CommandFailed."""
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        env=dict(env),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=120,
        check=False,
    )
    if done.returncode:
        raise CommandFailed(f"{' '.join(arguments[:2])} ended with status {done.returncode}:\n{done.stdout}")
    return done.stdout


def manage(*arguments: str, env: Mapping[str, str]) -> str:
    """Run ``manage.py`` with ``arguments`` to its end; its output. Raises CommandFailed."""
    return run("manage.py", *arguments, env=env)


def start_sandbox(household: Household, folder: Path, *ports: str) -> Sandbox:
    """Start the stand-ins; ``ports`` are its arguments, such as ``--zoom-port=9001``. Ready when this returns."""
    log = folder / "sandbox.log"
    child = household.spawn("sandbox", [sys.executable, "-m", "integrations.sandbox", *ports], log=log, cwd=ROOT)
    child.wait_until(lambda: log.read_bytes().endswith(b"}\n"), seconds=START_SECONDS)
    urls = json.loads(log.read_text().splitlines()[-1])
    return Sandbox(urls, cast("subprocess.Popen[str]", child.popen))


def answers(url: str, *, host: str) -> bool:
    """Whether a GET of ``url``, as a page of ``host``, is answered with 200."""
    try:
        return requests.get(url, headers={"Host": host}, timeout=5).status_code == 200
    except (requests.ConnectionError, requests.Timeout):
        return False


@dataclass
class Product:
    """How to start its processes: in which household, with which environment, with logs in which folder."""

    household: Household
    folder: Path
    env: Mapping[str, str]
    started: dict[str, int] = field(default_factory=dict)

    def _spawn(self, kind: str, *command: str) -> Child:
        number = self.started[kind] = self.started.get(kind, 0) + 1
        name = f"{kind}-{number}"
        return self.household.spawn(
            name, [sys.executable, "-m", *command], log=self.folder / f"{name}.log", env=self.env, cwd=ROOT
        )

    def web(self, port: int, *, workers: int = 2) -> Child:
        """Start gunicorn on 127.0.0.1:``port``; ready when this returns."""
        how = ["--worker-class", "gthread", "--workers", str(workers), "--threads", "8", "--bind", f"127.0.0.1:{port}"]
        return self._ready(self._spawn("web", "gunicorn", "zinnect.wsgi", *how), port)

    def development_web(self, port: int) -> Child:
        """Start Django's own server, which reloads changed code; ready when this returns."""
        child = self.household.spawn(
            "web",
            [sys.executable, "manage.py", "runserver", f"127.0.0.1:{port}"],
            log=self.folder / "web.log",
            env=self.env,
            cwd=ROOT,
        )
        return self._ready(child, port)

    def _ready(self, child: Child, port: int) -> Child:
        host = urlsplit(self.env.get("BASE_URL", "http://localhost")).netloc
        child.wait_until(lambda: answers(f"http://127.0.0.1:{port}/healthz", host=host), seconds=START_SECONDS)
        return child

    def worker(self, *, level: str = "INFO") -> Child:
        """Start a Celery worker, as the Procfile does."""
        name = f"worker-{self.started.get('worker', 0) + 1}@%h"
        how = "-A zinnect worker -O fair --without-gossip --without-mingle".split()
        return self._spawn("worker", "celery", *how, "--loglevel", level, "--hostname", name)

    def beat(self, *, level: str = "INFO") -> Child:
        """Start Celery's beat."""
        return self._spawn("beat", "celery", "-A", "zinnect", "beat", "--loglevel", level)


__all__ = ["ROOT", "CommandFailed", "DidNotStart", "Product", "answers", "manage", "run", "start_sandbox"]
