"""A backup is one once it was restored."""

from __future__ import annotations

import pytest

from zinnect.drill.__main__ import drill

pytestmark = [pytest.mark.system, pytest.mark.postgres]


def test_what_was_dumped_is_restored_and_booked_with(capsys: pytest.CaptureFixture[str]) -> None:
    assert list(drill()) == []

    assert "✓ Nothing to mend." in capsys.readouterr().out
