"""Dump and restore, by PostgreSQL's own programs: the commands of docs/operating.md."""

from __future__ import annotations

import subprocess
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
from psycopg import sql

SECONDS = 60


def create(server: str, name: str) -> str:
    """The URL of a new, empty database."""
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    return urlsplit(server)._replace(path=f"/{name}").geturl()


def drop(server: str, name: str) -> None:
    """Lose a database."""
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def dump(programs: Path, url: str, to: Path) -> None:
    """The whole database into one file. Raises CalledProcessError."""
    _run(programs / "pg_dump", "--format=custom", "--no-owner", f"--file={to}", url)


def restore(programs: Path, url: str, dump: Path) -> None:
    """The file into an empty database, wholly or not at all. Raises CalledProcessError."""
    _run(programs / "pg_restore", "--no-owner", "--exit-on-error", "--single-transaction", f"--dbname={url}", str(dump))


def _run(*command: str | Path) -> None:
    subprocess.run(command, check=True, timeout=SECONDS)
