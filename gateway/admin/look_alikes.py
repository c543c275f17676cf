"""Look-alikes: names that people take for one another, whatever signs, spaces and hyphens they are written with."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

ALIKE: Final = str.maketrans(
    {
        # Cyrillic and Greek small letters, as people read them in a Latin word
        "а": "a", "в": "b", "с": "c", "ԁ": "d", "е": "e", "һ": "h", "і": "i", "ј": "j", "к": "k", "ӏ": "l", "м": "m",
        "н": "h", "о": "o", "р": "p", "ԛ": "q", "ѕ": "s", "т": "t", "у": "y", "ԝ": "w", "х": "x", "ү": "y",
        "α": "a", "β": "b", "ε": "e", "η": "n", "ι": "i", "κ": "k", "μ": "u", "ν": "v", "ο": "o", "ρ": "p", "τ": "t",
        "υ": "u", "χ": "x", "ω": "w", "ı": "i", "ɑ": "a", "ɡ": "g", "ⅼ": "l",
    }
)  # fmt: skip
LIKE_L: Final = str.maketrans({"i": "l", "1": "l", "|": "l", "0": "o"})


def skeleton(text: str) -> str:
    """Reduce a name to what is left of it for a hasty reader: two that look alike have the same."""
    told = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", text).casefold()).translate(ALIKE)
    return "".join(sign for sign in told.translate(LIKE_L) if sign.isalnum())


def looks_like(name: str, others: Iterable[str]) -> str:
    """Return the first of some *others* that a name may be taken for, itself not counted; empty where there is none."""
    mine = skeleton(name)
    return next((one for one in others if one != name and skeleton(one) == mine), "")
