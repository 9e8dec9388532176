"""Accessibility of a page as axe-core sees it, in every dress the page has."""

from dataclasses import dataclass
from functools import cache
from itertools import product
from pathlib import Path

from playwright.sync_api import Page

VENDOR = Path(__file__).parent / "vendor"
RULES = {
    "runOnly": {
        "type": "tag",
        "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    },
    "resultTypes": ["violations"],
}
RUN = """async (rules) => (await axe.run(document, rules)).violations.map((found) =>
  `${found.id}: ${found.help} — ` + found.nodes.slice(0, 3).map((node) => {
    const failed = node.any[0] || node.all[0] || node.none[0] || {message: ""};
    return `${node.target.join(" ")} ${failed.message}`;
  }).join("; "))"""
# Chromium keeps some colours of the scheme before until an element is laid out anew.
REPAINT = """() => {
  const root = document.documentElement;
  root.style.display = "none";
  root.getBoundingClientRect();
  root.style.display = "";
}"""
WIDER = """() => [...document.querySelectorAll("body *")]
  .filter((element) => {
    const box = element.getBoundingClientRect();
    return box.width && (box.right > innerWidth + 1 || box.left < -1)
      && !element.closest("[popover], .visually-hidden, .c-skip, .c-scroll");
  }).slice(0, 3).map((element) => `${element.tagName}.${element.className}`)"""


@dataclass(frozen=True)
class Dress:
    """One way a page is looked at."""

    language: str
    scheme: str
    width: int

    def __str__(self) -> str:
        return f"{self.language}-{self.scheme}-{self.width}"


EVERY_DRESS = tuple(
    Dress(*parts) for parts in product(("en", "ar"), ("light", "dark"), (1280, 390))
)
# Every pair of two properties occurs; three at once are left to the long run.
PAIRWISE = (
    Dress("en", "light", 1280),
    Dress("en", "dark", 390),
    Dress("ar", "dark", 1280),
    Dress("ar", "light", 390),
)


@cache
def _source() -> str:
    return (VENDOR / "axe.min.js").read_text("utf-8")


def faults(page: Page, dress: Dress) -> list[str]:
    """List what axe finds wrong, and what reaches beyond a narrow screen."""
    page.set_viewport_size({"width": dress.width, "height": 900})
    page.emulate_media(color_scheme=dress.scheme, reduced_motion="reduce")  # type: ignore[arg-type]
    page.evaluate(REPAINT)
    if not page.evaluate("() => 'axe' in window"):
        page.evaluate(_source())
    found: list[str] = page.evaluate(RUN, RULES)
    if dress.width < 600 and page.evaluate(
        "() => document.documentElement.scrollWidth > innerWidth"
    ):
        found.append(f"scrolls sideways: {page.evaluate(WIDER)}")
    return found
