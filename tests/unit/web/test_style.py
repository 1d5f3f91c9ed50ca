"""Both palettes are legible: WCAG 2.2 AA, 4.5 to 1 for text, 3 to 1 for edges of controls and the focus ring."""

import re
from itertools import pairwise
from pathlib import Path

import pytest

CSS = (Path(__file__).resolve().parents[3] / "web/static/desk.css").read_text()
TEXT = [
    ("ink", "ground"), ("ink", "surface"), ("ink", "raised"), ("quiet", "ground"), ("quiet", "surface"),
    ("quiet", "raised"), ("link", "surface"), ("link", "ground"), ("accent-ink", "accent"),
    ("critical-ink", "critical"), ("critical", "surface"), ("critical", "critical-wash"), ("ink", "critical-wash"),
    ("quiet", "critical-wash"), ("high-ink", "high-wash"), ("normal-ink", "normal-wash"), ("low-ink", "low-wash"),
    ("good", "good-wash"), ("good", "raised"), ("notable-ink", "notable-wash"),
]  # fmt: skip
CONTROLS = [
    ("edge-strong", "surface"),
    ("focus", "surface"),
    ("focus", "ground"),
    ("accent", "surface"),
    ("accent", "edge"),
]


def palettes() -> dict[str, dict[str, str]]:
    light, dark = (dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6})", block)) for block in CSS.split(":root {")[1:3])
    return {"light": light, "dark": light | dark}


def luminance(colour: str) -> float:
    shares = [int(colour[at:end], 16) / 255 for at, end in pairwise((1, 3, 5, 7))]
    red, green, blue = (share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4 for share in shares)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("palette", ["light", "dark"])
@pytest.mark.parametrize(("pairs", "least"), [(TEXT, 4.5), (CONTROLS, 3.0)])
def test_colours_stand_out(palette: str, pairs: list[tuple[str, str]], least: float) -> None:
    colours = palettes()[palette]
    weak = {pair: round(contrast(colours[pair[0]], colours[pair[1]]), 2) for pair in pairs}
    assert {pair: found for pair, found in weak.items() if found < least} == {}
