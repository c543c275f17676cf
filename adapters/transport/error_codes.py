"""Error codes in the answers of OneRoster and authorization servers, in every form in which they are sent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from standards.errors import SourceBroken

if TYPE_CHECKING:
    from adapters.transport.http import SourceResponse

WORDS: Final = frozenset(
    {
        "fullsuccess", "invalid_filter_field", "invalid_selection_field", "invalid_sort_field", "invaliddata",
        "unauthorisedrequest", "unauthorized", "forbidden", "server_busy", "unknownobject", "internal_server_error",
        "deletefailure", "unsupported", "unsupportedoperation", "linkfailure", "targetreadfailure", "invalid data",
        "unknown object", "invalid_client", "invalid_scope", "invalid_token",
    }
)  # fmt: skip


def word(answer: SourceResponse) -> str:
    """Find the code in an error's body; only words of the standard are repeated."""
    if answer.status < 400:  # noqa: PLR2004  no error
        return ""
    try:
        body = answer.json()
    except SourceBroken:
        return ""
    return next((found for found in _words(body) if found in WORDS), "")


def _words(body: Any) -> list[str]:
    """List every text in an error's body that stands where a code stands."""
    if isinstance(body, list):
        return [found for item in body[:5] for found in _words(item)]
    if not isinstance(body, dict):
        return []
    found = []
    for name in ("imsx_codeMinorFieldValue", "imsx_codeMinor", "imsx_CodeMinor", "imsx_codeMinorField", "error",
                 "statusInfoSet", "imsx_StatusInfo"):  # fmt: skip
        value = body.get(name)
        found += [value] if isinstance(value, str) else _words(value)
    return found
