"""Words about districts: why a reading failed, and what somebody does about it; the operator's lines stay apart."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gateway.console.wording import later, say, translated

if TYPE_CHECKING:
    from gateway.admin.districts.looking import DistrictView

WHY: Final = {
    "more of the source cannot be used than may be set aside": later(
        "more of its records cannot be used than may be set aside"
    ),
    "more rows would be dropped than may be without approval": later(
        "more rows would be dropped than may be without approval"
    ),
    "the source no longer knows what has changed": later("its system no longer knows what has changed"),
    "a record cannot be expressed in the standard model": later("a record does not fit the standard"),
    "the source's data cannot be understood": later("its data cannot be understood"),
    "the source refuses what it was asked": later("its system refuses what it is asked, or the credential is wrong"),
    "the source does not answer in time": later("its system does not answer in time"),
    "the source cannot be reached now": later("its system cannot be reached now"),
    "the source did not give what was asked of it": later("its system did not give what was asked of it"),
    "the source cannot be used as it is": later("the files or the system cannot be used as they are"),
    "the district's settings are wrong": later("what is written of its connection is wrong"),
    "the registry, the shared memory or the record cannot be used": later(
        "the gateway cannot use its own stores; its operator is needed"
    ),
    "the gateway refused": later("the gateway refused"),
    "the adapter failed": later("the program that reads its system failed; its operator is needed"),
}
"""Why a reading failed, for people, by how the gateway's own words begin."""


def why_said(why: str) -> str:
    """Say why a reading failed; what is not known here, in the words of the record."""
    known = next((words for begin, words in WHY.items() if begin in why), None)
    return str(known) if known is not None else translated(why) or why


def place_of(why: str) -> str:
    """Return the place that a status line tells: of ``districts.NAME: PLACE: WORDS`` the file, line and column."""
    begin = next((begin for begin in WHY if begin in why), None)
    before = why.partition(begin)[0].partition(": ")[2] if begin is not None else ""
    return before.removesuffix(": ").strip()


def failure_said(view: DistrictView) -> str:
    """Say that the last reading of a district failed, where, and why; empty where it did not."""
    reason = view.status.reason if view.status is not None else ""
    if not reason:
        return ""
    place = place_of(reason)
    told = say("It could not be read: %(why)s.") % {"why": why_said(reason)}
    return f"{told} {say('Where: %(place)s.') % {'place': place}}" if place else told


def operator_lines(view: DistrictView) -> tuple[list[str], list[str]]:
    """Return the status lines that only operators need, and the commands by which they do what pages do."""
    lines = view.status.lines()[1:] if view.status is not None else []
    commands = [f"crossing districts approve {view.name}"] if view.status is not None and view.status.waiting else []
    return [line.partition("; approve it with:")[0] for line in lines], commands
