"""The drawing of a client's states: where it is, and where it can go."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from markupsafe import Markup

from gateway.console.wording import later

if TYPE_CHECKING:
    from gateway.console.wording import Later

STATES: Final[tuple[tuple[str, Later, int, int], ...]] = (
    ("draft", later("draft"), 10, 20),
    ("ready", later("ready"), 160, 20),
    ("enabled", later("enabled"), 310, 20),
    ("suspended", later("suspended"), 310, 110),
    ("ended", later("ended"), 480, 65),
)
ARROWS: Final = (
    "M110 40H158", "M260 40H308", "M345 60V108", "M375 110V62", "M410 45 478 75", "M410 125 478 95",
)  # fmt: skip
WIDTH: Final = 100


def states(present: str) -> Markup:
    """Draw the states of a client, the *present* one marked; the page says the same in words."""
    parts = [Markup('<path class="axis" d="{}" marker-end="url(#tip)"/>').format(one) for one in ARROWS]
    for name, word, left, top in STATES:
        mark = "present" if name == present else "other"
        sign = "● " if name == present else ""
        box = '<rect class="{}" x="{}" y="{}" width="{}" height="40" rx="6"/>'
        parts.append(Markup(box).format(f"box-{mark}", left, top, WIDTH))  # noqa: S704 -- our own text
        text = '<text x="{}" y="{}" text-anchor="middle">{}{}</text>'
        parts.append(Markup(text).format(left + WIDTH // 2, top + 25, sign, str(word)))  # noqa: S704 -- our own text
    head = Markup(
        '<svg class="states" viewBox="0 0 600 170" role="img" aria-labelledby="states-title">'
        '<title id="states-title">{}</title><defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" '
        'markerWidth="7" markerHeight="7" orient="auto"><path d="M0 0 8 4 0 8Z"/></marker></defs>'
    ).format(str(later("The states of a client")))
    return head + Markup("").join(parts) + Markup("</svg>")
