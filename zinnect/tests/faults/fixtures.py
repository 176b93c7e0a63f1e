"""One start of the product for all fault tests. Test modules name this file in ``pytest_plugins``."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from zinnect.tests.faults.harness import Stage, stage


@pytest.fixture(scope="session")
def _running_stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with stage(os.environ["DATABASE_URL"], tmp_path_factory.mktemp("faults")) as running:
        yield running


@pytest.fixture
def product(_running_stage: Stage) -> Iterator[Stage]:
    """The product at rest, both accounts connected; what a test broke is mended after it."""
    yield _running_stage
    _running_stage.all_is_well_again()
