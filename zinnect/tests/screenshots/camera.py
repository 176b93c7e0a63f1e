"""A scene is a page as somebody sees it; the camera takes it at three widths, in both schemes."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from zinnect.tests.screenshots.sites import Sites

# Width and height in CSS pixels.
WIDTHS = {360: 740, 768: 1024, 1280: 900}
SCHEMES = ("light", "dark")


@dataclass(frozen=True)
class Scene:
    """Who sees what: ``session`` is a session's key or empty, ``act`` is what is done on the page before."""

    name: str
    path: str
    session: str = ""
    act: Callable[[Page], None] | None = None
    status: int = 200
    site: str = "plain"


def photograph(wanted: Iterable[Scene], sites: Sites, into: Path, *, program: str) -> int:
    """Visit each scene; how many pictures were taken. Raises RuntimeError for a page that answers otherwise."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        pages: dict[str, Page] = {}
        count = 0
        for scene in wanted:
            origin = sites.origin(scene.site)
            if origin not in pages:
                window = browser.new_context(locale="en-GB", timezone_id="Europe/Berlin", base_url=origin)
                pages[origin] = window.new_page()
            count += _visit(pages[origin], scene, origin, into)
        browser.close()
    return count


def _visit(page: Page, scene: Scene, origin: str, into: Path) -> int:
    arrive(page, scene, origin)
    return sum(_shoot(page, scene.name, into, width, scheme) for scheme in SCHEMES for width in WIDTHS)


def arrive(page: Page, scene: Scene, origin: str) -> None:
    """Open the scene's page, as its visitor and nobody before them. Raises RuntimeError when it answers otherwise."""
    page.context.clear_cookies()
    if scene.session:
        page.context.add_cookies([{"name": "sessionid", "value": scene.session, "url": origin}])
    answer = page.goto(f"{origin}{scene.path}")
    if scene.act:
        scene.act(page)
    elif answer is not None and answer.status != scene.status:
        raise RuntimeError(f"{scene.name}: {scene.path} answered {answer.status}, not {scene.status}")


def _shoot(page: Page, name: str, into: Path, width: int, scheme: str) -> int:
    page.set_viewport_size({"width": width, "height": WIDTHS[width]})
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light", reduced_motion="reduce")
    page.screenshot(path=into / f"{name}-{width}-{scheme}.png", full_page=True)
    return 1
