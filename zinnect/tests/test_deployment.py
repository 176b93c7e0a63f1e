"""What runs it in production is what we say it is: image, compose.yaml, Procfile, units, and the list of variables."""

from __future__ import annotations

import configparser
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import environ
import pytest
import requests
import yaml
from django.test import Client
from pytest_django import Settings

from integrations import providers
from integrations.grants import redirect_uri
from zinnect.demo.environment import DEFAULTS, isolated
from zinnect.demo.product import ROOT, manage
from zinnect.processes import Household, free_port

UNITS = sorted((ROOT / "docs" / "systemd").glob("*.service"))


def _compose() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text())
    return loaded


def _procfile() -> dict[str, str]:
    return dict(line.split(": ", 1) for line in (ROOT / "Procfile").read_text().splitlines())


def _dockerfile(instruction: str) -> list[str]:
    text = (ROOT / "Dockerfile").read_text().replace("\\\n", " ")
    return re.findall(rf"^{instruction}\s+(.*)$", text, re.MULTILINE)


def _by_the_schema(path: Path) -> tuple[int, str]:
    """Exit status and words of a check against the published schema, which comes with the tool."""
    tool = Path(sys.executable).parent / "check-jsonschema"
    check = [str(tool), "--builtin-schema", "vendor.compose-spec", str(path)]
    done = subprocess.run(check, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def test_compose_yaml_is_right_by_the_published_schema() -> None:
    status, words = _by_the_schema(ROOT / "compose.yaml")

    assert status == 0, words


def test_the_schema_refuses_what_is_wrong(tmp_path: Path) -> None:
    wrong = tmp_path / "compose.yaml"
    wrong.write_text((ROOT / "compose.yaml").read_text().replace("restart:", "restrat:"))
    status, words = _by_the_schema(wrong)

    assert status == 1
    assert "restrat" in words


def test_compose_runs_everything_that_is_needed() -> None:
    services = _compose()["services"]

    assert set(services) == {"web", "worker", "beat", "migrate", "postgres", "redis"}
    assert services["worker"]["deploy"]["replicas"] == 2
    assert services["postgres"]["volumes"]
    assert services["web"]["depends_on"]["migrate"] == {"condition": "service_completed_successfully"}
    assert services["migrate"]["depends_on"]["postgres"] == {"condition": "service_healthy"}
    assert all(service["healthcheck"] for name, service in services.items() if name != "web")  # the image's own
    assert services["web"]["ports"] == ["127.0.0.1:${PORT:-8000}:8000"]
    assert services["web"]["environment"]["PORT"] == "8000"


@pytest.mark.parametrize("kind", ["web", "worker", "beat"])
def test_the_same_commands_run_everywhere(kind: str) -> None:
    wanted = _procfile()[kind].split()
    of_image = json.loads(_dockerfile("CMD")[-1])
    (unit,) = [path for path in UNITS if path.name.startswith(f"zinnect-{kind}")]
    started = re.findall(r"^ExecStart=\S+/(.*)$", unit.read_text(), re.MULTILINE)[0].split()

    assert _compose()["services"][kind].get("command", of_image) == wanted
    assert started[: len(wanted)] == wanted


def test_the_units_are_complete() -> None:
    assert [path.name for path in UNITS] == ["zinnect-beat.service", "zinnect-web.service", "zinnect-worker@.service"]
    for path in UNITS:
        unit = configparser.ConfigParser(interpolation=None, strict=True)
        unit.optionxform = str  # type: ignore[assignment,method-assign]
        unit.read(path)
        assert unit["Service"]["User"] == "zinnect"
        assert unit["Service"]["EnvironmentFile"] == "/etc/zinnect.env"
        assert unit["Service"]["Restart"] == "always"
        assert unit["Service"]["KillMode"] == "mixed"  # or Celery's children end in the middle of a task
        assert unit["Install"]["WantedBy"] == "multi-user.target"


def test_web_listens_for_the_proxy_of_its_machine_alone_and_through_a_restart() -> None:
    """A reload would keep what the old master has imported: gunicorn.conf.py imports our logs, and they Django."""
    socket = (ROOT / "docs" / "systemd" / "zinnect-web.socket").read_text()
    web = (ROOT / "docs" / "systemd" / "zinnect-web.service").read_text()

    assert re.findall(r"^ListenStream=(.*)$", socket, re.MULTILINE) == ["127.0.0.1:8000"]
    assert "Requires=zinnect-web.socket" in web
    assert "ExecReload" not in web


def test_the_image_runs_as_a_user_of_its_own() -> None:
    text = (ROOT / "Dockerfile").read_text()
    (user,) = _dockerfile("USER")

    assert user == "zinnect"
    assert re.search(rf"useradd .*--uid \d+ .*\b{user}\b", text)
    assert text.index("\nUSER ") < text.index("\nHEALTHCHECK ") < text.index("\nCMD ")


def test_secrets_and_data_of_this_machine_stay_out_of_the_image() -> None:
    left_out = (ROOT / ".dockerignore").read_text().split()
    assert {".env", ".git", ".venv", "data", "staticfiles"} <= set(left_out)


def test_every_variable_is_in_the_manual_and_in_the_example() -> None:
    read = set(re.findall(r'env\.\w+\(\s*"(\w+)"', (ROOT / "zinnect" / "settings.py").read_text()))
    manual = (ROOT / "README.md").read_text() + (ROOT / "docs" / "operating.md").read_text()

    assert {name for name in read if f"`{name}`" not in manual} == set()
    assert read - {"DATABASE_URL", "REDIS_URL"} <= set(DEFAULTS)
    example = set(re.findall(r"^(?:# )?([A-Z_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE))
    assert example <= read | {"POSTGRES_PASSWORD"}


@pytest.mark.parametrize("name", ["README.md", ".env.example", "docs/operating.md"])
def test_the_addresses_of_mail_servers_that_the_manuals_name_are_understood(name: str) -> None:
    urls = re.findall(r"[a-z+]+://user:password@[\w.]+:(?:587|465)", (ROOT / name).read_text())
    found = [environ.Env.email_url_config(url) for url in urls]

    assert found
    assert all(each["EMAIL_BACKEND"].endswith("smtp.EmailBackend") for each in found)
    assert all(each["EMAIL_USE_TLS"] for each in found if each["EMAIL_PORT"] == 587)


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
@pytest.mark.django_db
def test_probes_come_by_address_and_others_do_not(client: Client, settings: Settings, path: str) -> None:
    settings.ALLOWED_HOSTS = ["localhost"]

    assert client.get(path, headers={"Host": "10.1.2.3:8000"}).status_code == 200
    assert client.get("/privacy/", headers={"Host": "10.1.2.3:8000"}).status_code == 400


@pytest.mark.system
def test_what_the_image_does_serves_static_files_by_hashed_names_and_says_that_it_lives(tmp_path: Path) -> None:
    """Its collectstatic, its command and its HEALTHCHECK, without Docker."""
    port = free_port()
    env = isolated(
        BASE_URL="https://book.example.com",
        ALLOWED_HOSTS="book.example.com",
        TRUSTED_PROXIES="1",
        STATIC_ROOT=str(tmp_path / "static"),
        DATABASE_URL=f"sqlite:///{tmp_path / 'db.sqlite3'}",
        REDIS_URL=os.environ["REDIS_URL"],
        PORT=str(port),
        WEB_CONCURRENCY="1",
    )
    manage("collectstatic", "--noinput", env={**env, "SECRET_KEY": "build-only", "ENCRYPTION_KEYS": "build-only"})
    health = json.loads(_dockerfile("HEALTHCHECK")[0].split("CMD ", 1)[1])
    with Household() as household:
        log = household.folder() / "web.log"
        command = [sys.executable, "-m", *json.loads(_dockerfile("CMD")[-1])]
        web = household.spawn("web", command, log=log, env=env, cwd=ROOT)

        def lives() -> bool:
            return not subprocess.run(
                [sys.executable, *health[1:]], env=env, capture_output=True, check=False
            ).returncode

        web.wait_until(lives, seconds=60)
        behind_proxy = {"Host": "book.example.com", "X-Forwarded-Proto": "https", "X-Forwarded-For": "192.0.2.1"}
        page = requests.get(f"http://127.0.0.1:{port}/privacy/", headers=behind_proxy, timeout=20)
        (css,) = set(re.findall(r'href="(/static/css/app\.\w+\.css)"', page.text))
        styles = requests.get(f"http://127.0.0.1:{port}{css}", headers=behind_proxy, timeout=20)

        assert page.status_code == 200, page.text
        assert styles.status_code == 200
        assert "immutable" in styles.headers["Cache-Control"]
        assert styles.headers["Content-Encoding"] == "gzip"
        lines = [json.loads(line) for line in log.read_text().splitlines()]
        assert {"GET /privacy/", "GET /healthz"} <= {line.get("request") for line in lines}


@pytest.mark.parametrize("name", ["zoom", "google"])
def test_the_manual_of_an_app_names_the_scopes_and_the_address_that_are_used(name: str) -> None:
    manual = (ROOT / "docs" / f"{name}.md").read_text()
    provider = providers.get(name)
    rows = [re.findall(r"`([^`]+)`", row.split("|")[1]) for row in manual.splitlines() if row.startswith("   | `")]

    named = {scope for row in rows for scope in row}
    assert named == set(provider.requested_scopes or [item.scopes[0] for item in provider.permissions])
    assert f"`<BASE_URL>{urlsplit(redirect_uri(provider)).path}`" in manual
