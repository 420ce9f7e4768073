"""Colours that can be told apart: WCAG 2.2 AA, computed from the tokens themselves."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from services.console import app

TOKENS = Path(app.__file__).parent / "static" / "css" / "tokens.css"
STYLES = sorted(TOKENS.parent.glob("*.css"))

TEXT, CONTROL = 4.5, 3.0

ON_GROUNDS = ("text", "quiet", "accent", "good", "caution", "bad")
GROUNDS = ("ground", "raised", "control")
PAIRS = [(text, ground, TEXT) for text in ON_GROUNDS for ground in GROUNDS]
PAIRS += [
    ("on-accent", "accent", TEXT),
    ("on-danger", "danger", TEXT),
    ("on-cover", "cover", TEXT),
    *[("on-mark", f"mark-{number}", TEXT) for number in range(6)],
    *[("control-edge", ground, CONTROL) for ground in ("ground", "raised")],
    *[("focus", ground, CONTROL) for ground in GROUNDS],
]


def tokens(theme: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for selector, body in re.findall(r"(:root[^{]*)\{([^}]*)\}", TOKENS.read_text("utf-8")):
        if "data-theme" not in selector or theme in selector:
            found.update(re.findall(r"--([\w-]+):\s*(#[0-9a-f]{6});", body))
    return found


def luminance(colour: str) -> float:
    def linear(part: str) -> float:
        value = int(part, 16) / 255
        return value / 12.92 if value <= 0.04045 else float(((value + 0.055) / 1.055) ** 2.4)

    red, green, blue = (linear(colour[at : at + 2]) for at in (1, 3, 5))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    bright, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


def test_the_formula_is_that_of_the_standard() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("theme", ["dark", "light"])
@pytest.mark.parametrize(("one", "other", "least"), PAIRS)
def test_what_stands_on_a_ground_can_be_read(
    theme: str, one: str, other: str, least: float
) -> None:
    colours = tokens(theme)
    assert contrast(colours[one], colours[other]) >= least


@pytest.mark.parametrize("file", STYLES, ids=lambda file: file.stem)
def test_sides_are_logical_so_that_the_page_can_be_turned(file: Path) -> None:
    edges = r"(?<![\w-])(?:(?:margin|padding|border|inset)-)?(?:left|right)\s*:"
    sided = rf"{edges}|(?:text-align|float):\s*(?:left|right)"
    assert not re.search(sided, file.read_text("utf-8"))


@pytest.mark.parametrize("file", [f for f in STYLES if f != TOKENS], ids=lambda file: file.stem)
def test_colours_come_from_the_tokens(file: Path) -> None:
    declared = re.findall(r":[^;{}]*;", file.read_text("utf-8"))
    # black behind a picture is no colour of ours
    colour = re.compile(r"#(?!0{3}(?:0{3})?\b)[0-9a-fA-F]{3,8}\b")
    assert [each for each in declared if colour.search(each)] == []


@pytest.mark.parametrize("file", STYLES, ids=lambda file: file.stem)
def test_no_text_is_small(file: Path) -> None:
    sizes = re.findall(r"font-size:\s*(\d+)px", file.read_text("utf-8"))
    assert [size for size in sizes if int(size) < 18] == []
