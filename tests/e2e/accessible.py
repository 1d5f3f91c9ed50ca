"""What axe-core finds wrong with a page as it stands."""

from pathlib import Path
from typing import Any

from playwright.sync_api import Page

AXE = (Path(__file__).parent / "vendor" / "axe.min.js").read_text(encoding="utf-8")
SERIOUS = ("serious", "critical")


def serious_problems(page: Page) -> list[str]:
    """Each rule that is broken, and where first; what is less than serious is left to whoever looks at the page."""
    page.evaluate(AXE)  # not as a script of the page, which its policy would refuse
    found: dict[str, Any] = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    return [
        f"{each['id']} ({each['impact']}): {each['help']}: {each['nodes'][0]['html'][:200]}"
        for each in found["violations"]
        if each["impact"] in SERIOUS
    ]
