"""Acts about transfers in words: of the party, the state, the sections and the reason the record has codes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from gateway.console.parts.names import about
from gateway.console.transfers.words import HOLDS, KEY_USES, PARTS, REFUSALS, RESENDS, SECTIONS, WITHDRAWALS
from gateway.console.wording import later, say
from gateway.transfers.machine.words import EventKind, TransferParty, TransferState
from gateway.transfers.matching.levels import ChildPart

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gateway.admin.events import RecordedAct
    from gateway.console.wording import Later

PREFIX: Final = "transfer "
SEARCH: Final = "own students searched"

PARTIES: Final[Mapping[str, Later]] = {
    TransferParty.RECEIVER: later("the district that asks"),
    TransferParty.SENDER: later("the district that is asked"),
    TransferParty.SENDER_APPROVER: later("an approver of the district that is asked"),
    TransferParty.GATEWAY: later("the gateway"),
    TransferParty.AGENT: later("the program of the district that asks"),
}
"""For whom somebody acts in a transfer."""

STATES: Final[Mapping[str, Later]] = {
    TransferState.REQUESTED: later("asked for"),
    TransferState.MATCHED: later("the student is found"),
    TransferState.NEAR: later("a person says which student it is"),
    TransferState.UNKNOWN: later("nobody found"),
    TransferState.WAITING: later("waits for a decision"),
    TransferState.HELD: later("held back"),
    TransferState.REFUSED: later("refused"),
    TransferState.APPROVED: later("released"),
    TransferState.PACKED: later("sealed"),
    TransferState.DELIVERED: later("delivered"),
    TransferState.ACKNOWLEDGED: later("delivered, and read back rightly"),
    TransferState.FILED: later("filed"),
    TransferState.ENDED: later("ended: another's student"),
    TransferState.WITHDRAWN: later("withdrawn before it left"),
    TransferState.LAPSED: later("nobody fetched it"),
}
"""What a transfer had come to, in the words of neither district."""

REASONS: Final[Mapping[str, Mapping[Any, Later]]] = {
    f"{PREFIX}{EventKind.HOLD}": HOLDS,
    f"{PREFIX}{EventKind.REFUSE}": REFUSALS,
    f"{PREFIX}{EventKind.WITHDRAW}": WITHDRAWALS,
    f"{PREFIX}{EventKind.RESEND}": RESENDS,
    f"{PREFIX}command": WITHDRAWALS,
}
"""The closed list out of which an act has its reason; that of a command may be in words of the operator's own."""

SEARCHED: Final[Mapping[str, Later]] = {
    **{part.value: words for part, words in PARTS.items()},
    "lastSchool": PARTS[ChildPart.SCHOOL],
    "unique": later("Id in your system"),
}
"""The parts by which own students are searched."""

WORDS: Final[Mapping[str, Mapping[Any, Later]]] = {
    "party": PARTIES,
    "state": STATES,
    "sections": {one.value: words for one, words in SECTIONS.items()},
    "section": {one.value: words for one, words in SECTIONS.items()},
    "use": {one.value: words for one, words in KEY_USES.items()},
    "by": SEARCHED,
}
"""The words of each member of an act's content that has codes."""


def act_about(act: RecordedAct) -> str:
    """Tell in one line what an act is about."""
    if not act.action.startswith((PREFIX, SEARCH)):
        return about(act.content)
    return about({name: _said(name, value) for name, value in act.content.items()})


def act_reason(act: RecordedAct) -> str:
    """Say why something was done."""
    return str(REASONS.get(act.action, {}).get(act.reason, act.reason))


def _said(name: str, value: Any) -> Any:
    """Say a member of an act's content, each of several by itself; what has no word of its own stays."""
    if name == "inPlaceOfDistrict":
        return say("yes")
    if isinstance(value, list):
        return [_said(name, one) for one in value]
    words = WORDS.get(name, {})
    return str(words[value]) if value in words else value
