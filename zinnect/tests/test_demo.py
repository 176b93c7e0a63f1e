"""`make demo` as somebody sees it who has just cloned the project."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import time

import pytest

from zinnect.demo.pages import Page
from zinnect.demo.product import ROOT

pytestmark = pytest.mark.system
COMMAND = [sys.executable, "-m", "zinnect.demo"]


def _processes() -> dict[int, int]:
    """Every process of the machine: its parent by its id; those that have ended and were not collected left out."""
    listed = subprocess.run(["ps", "-A", "-o", "pid=,ppid=,stat="], capture_output=True, text=True, check=True).stdout
    rows = [line.split() for line in listed.splitlines()]
    return {int(pid): int(parent) for pid, parent, state in rows if not state.startswith("Z")}


def _below(pid: int) -> set[int]:
    """The ids of all that a process started, and that those started."""
    parents = _processes()
    found: set[int] = set()
    while more := {child for child, parent in parents.items() if parent in found | {pid}} - found:
        found |= more
    return found


def _wait_until_gone(pids: set[int]) -> set[int]:
    deadline = time.monotonic() + 20
    while (left := pids & _processes().keys()) and time.monotonic() < deadline:
        time.sleep(0.1)
    return left


def test_once_books_shows_what_happened_and_ends_well_within_a_minute() -> None:
    done = subprocess.run([*COMMAND, "--once"], cwd=ROOT, capture_output=True, text=True, timeout=180, check=False)

    assert done.returncode == 0, done.stdout + done.stderr
    for line in ("Meet link   https://meet.google.com/", "Meet link   (none)", "invitation to invitee@example.org"):
        assert line in done.stdout
    assert "All is right: the Zoom link replaced the Meet link" in done.stdout
    (port,) = re.findall(r"runs at http://localhost:(\d+)", done.stdout)
    running = subprocess.run(["ps", "-A", "-o", "args="], capture_output=True, text=True, check=True).stdout
    assert f"127.0.0.1:{port}" not in running


@pytest.mark.parametrize(
    ("number", "status", "once_it_says"),
    [
        (signal.SIGINT, 0, "Setting up the database"),
        (signal.SIGTERM, 0, "Setting up the database"),
        (signal.SIGKILL, -signal.SIGKILL, "Press Ctrl-C"),
    ],
)
def test_nothing_is_left_behind_whenever_it_ends(number: signal.Signals, status: int, once_it_says: str) -> None:
    demo = subprocess.Popen(COMMAND, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert demo.stdout
    with demo, demo.stdout:
        assert any(line.startswith(once_it_says) for line in demo.stdout), "it ended before that"
        started = _below(demo.pid)

        demo.send_signal(number)

        assert demo.wait(30) == status
        assert len(started) >= 3, "sandbox, redis and guard at least"
        assert _wait_until_gone(started) == set()


def test_a_page_is_taken_apart_as_a_browser_would_send_it() -> None:
    page = Page(
        "http://localhost/",
        '<a data-slot="1"></a><a data-slot="2"></a><form method="post" action="/go/">'
        '<input name="a" value="1"><input type="checkbox" name="b"><input type="checkbox" name="c" checked>'
        '<select name="d"><option value="x">X</option><option value="y" selected>Y</option></select>'
        '<textarea name="e">two\nlines</textarea><input type="submit" name="f" value="Send"></form>',
    )

    assert page.marks["slot"] == ["1", "2"]
    assert page.form("a", action="/go/").filled(a="2") == [("c", "on"), ("d", "y"), ("e", "two\nlines"), ("a", "2")]
