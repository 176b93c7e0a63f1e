"""One start of the product for all fault tests of a process. Test modules name this file in ``pytest_plugins``."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from zinnect.tests.faults.harness import Stage
from zinnect.tests.faults.start import collect_static_files, stage


def _collect_once(folder: Path) -> None:
    """By whichever process of this run comes first; the others wait."""
    run = os.environ.get("PYTEST_XDIST_TESTRUNUID", str(os.getpid()))
    with (folder / f"collected-{run}").open("a+") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        if not turn.tell():
            collect_static_files()
            turn.write("done")


@pytest.fixture(scope="session")
def _running_stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    _collect_once(tmp_path_factory.getbasetemp().parent)
    with stage(os.environ["DATABASE_URL"], tmp_path_factory.mktemp("faults")) as running:
        yield running


@pytest.fixture
def product(_running_stage: Stage) -> Iterator[Stage]:
    """The product at rest, both accounts connected; what a test broke is mended after it."""
    yield _running_stage
    _running_stage.all_is_well_again()
