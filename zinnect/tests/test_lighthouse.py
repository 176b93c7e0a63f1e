"""What `make lighthouse` makes of Lighthouse's report."""

from __future__ import annotations

from typing import Any

import pytest

from zinnect.tests.lighthouse import CATEGORIES, TIMES, verdict


def report(**scores: float | None) -> dict[str, Any]:
    """One audit that weighs in each category, and one in each that does not; perfect but for ``scores``."""
    audits: dict[str, Any] = {audit: {"title": audit, "score": 1, "displayValue": "0 ms"} for audit in TIMES.values()}
    for name in CATEGORIES:
        audits[f"{name}-hint"] = {"title": "A hint", "score": 0}
        audits[f"{name}-rule"] = {"title": f"A rule of {name}", "score": scores.get(name.replace("-", "_"), 1)}
    refs = {name: [{"id": f"{name}-hint", "weight": 0}, {"id": f"{name}-rule", "weight": 1}] for name in CATEGORIES}
    categories = {name: {"score": audits[f"{name}-rule"]["score"], "auditRefs": refs[name]} for name in CATEGORIES}
    return {"audits": audits, "categories": categories}


def test_a_hundred_in_all_four_is_perfect() -> None:
    found = verdict(report())
    assert found.is_perfect
    assert found.times == {"LCP": "0 ms", "CLS": "0 ms", "TBT": "0 ms"}
    assert found.losses == []


@pytest.mark.parametrize(("score", "shown"), [(0.99, 99), (0, 0), (None, 0)])
def test_a_point_less_in_one_is_not(score: float | None, shown: int) -> None:
    found = verdict(report(best_practices=score))
    assert not found.is_perfect
    assert found.scores == {"performance": 100, "accessibility": 100, "best-practices": shown, "seo": 100}
    assert found.losses == ([] if score is None else ["A rule of best-practices (best-practices-rule)"])
