"""Whatever happens to us, what we started ends."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from zinnect.processes import DidNotStart, Household
from zinnect.tests.faults.crowd import until

pytestmark = pytest.mark.system

# Starts a process that starts another one, and says their ids and its folder.
STARTER = """
import sys, time
from pathlib import Path
from zinnect.processes import Household
household = Household()
folder = household.folder()
inner = "import time; time.sleep(60)"
start = f"subprocess.Popen([sys.executable, '-c', {inner!r}])"
outer = f"import subprocess, sys, time; print({start}.pid, flush=True); time.sleep(60)"
child = household.spawn("outer", [sys.executable, "-c", outer], log=folder / "log")
child.wait_until(lambda: (folder / "log").read_text().endswith("\\n"), seconds=20)
print(child.popen.pid, (folder / "log").read_text().strip(), folder, flush=True)
time.sleep(60)
"""


def _is_there(pid: int) -> bool:
    """Whether the process runs; one that has ended and was not collected yet does not."""
    state = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False).stdout
    return state.strip()[:1] not in ("", "Z")


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_children_and_their_children_and_the_folder_are_gone_after_the_starter_was_killed(
    number: signal.Signals,
) -> None:
    starter = subprocess.Popen([sys.executable, "-c", STARTER], stdout=subprocess.PIPE, text=True)
    assert starter.stdout
    with starter, starter.stdout:
        outer, inner, folder = starter.stdout.readline().split()
        assert _is_there(int(outer))
        assert _is_there(int(inner))

        starter.send_signal(number)

        until(lambda: not (_is_there(int(outer)) or _is_there(int(inner))), seconds=15)
        until(lambda: not Path(folder).exists(), seconds=10)


def test_a_child_that_ends_at_once_is_told_with_the_end_of_its_log(tmp_path: Path) -> None:
    with Household() as household:
        child = household.spawn("fleeting", [sys.executable, "-c", "print('no such port')"], log=tmp_path / "log")

        with pytest.raises(DidNotStart, match=r"(?s)fleeting ended with status 0.*no such port"):
            child.wait_until(lambda: False, seconds=20)

        assert household.fallen() is child


def test_a_child_that_ignores_being_asked_is_killed(tmp_path: Path) -> None:
    stubborn = (
        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(60)"
    )
    with Household() as household:
        child = household.spawn("stubborn", [sys.executable, "-c", stubborn], log=tmp_path / "log")
        child.wait_until(lambda: "up" in child.tail(), seconds=20)

        household.end(child, patience=0.2)

        assert child.popen.returncode == -signal.SIGKILL


def test_a_folder_is_made_in_a_checkout_that_never_ran(tmp_path: Path) -> None:
    """``make run`` puts one into data/, which is in no fresh clone."""
    with Household() as household:
        folder = household.folder(inside=tmp_path / "data")
        assert folder.parent == tmp_path / "data"

    assert not folder.exists()
    assert (tmp_path / "data").exists()
