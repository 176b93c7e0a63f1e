"""What we run of others: pinned, listed, and looked at by tools that fail when they could not look."""

from __future__ import annotations

import re

import pytest

from zinnect.demo.product import ROOT

VENDOR = ROOT / "static" / "vendor"


def recipe(target: str) -> str:
    """What make does for a target."""
    found = re.search(rf"^{target}:.*\n((?:\t.*\n?)+)", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert found is not None
    return found[1]


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-dev.txt"])
def test_every_direct_dependency_is_pinned_exactly(name: str) -> None:
    lines = [line.split("#")[0].strip() for line in (ROOT / name).read_text().splitlines()]
    wanted = [line for line in lines if line and not line.startswith("-r ")]
    assert wanted
    assert [line for line in wanted if not re.fullmatch(r"[\w.-]+(\[[\w,-]+\])?==[\w.]+(\s*;.*)?", line)] == []


def test_vendored_files_are_listed_with_version_source_and_licence() -> None:
    rows = [row.split("|")[1:-1] for row in (VENDOR / "README.md").read_text().splitlines() if row.startswith("|")][2:]
    listed = {cells[0].strip(" `") for cells in rows if all(cell.strip() for cell in cells)}
    there = {str(path.relative_to(VENDOR)) for path in VENDOR.rglob("*") if path.is_file()} - {"README.md"}
    licences = {path for path in there if re.search(r"licen[cs]e", path, re.IGNORECASE)}
    assert there - licences == listed


def test_the_audit_fails_on_what_it_could_not_audit() -> None:
    """Without ``--strict`` pip-audit passes over every package that it cannot look up, and reports success."""
    assert re.search(r"pip-audit\b.*--strict", recipe("audit"))
    assert not re.search(r"--ignore|\|\||^\t-|--dry-run", recipe("audit"), re.MULTILINE)


def test_bandit_and_the_deployment_check_are_part_of_check() -> None:
    assert "bandit" in recipe("check")
    assert "check --deploy --fail-level WARNING" in recipe("check")
