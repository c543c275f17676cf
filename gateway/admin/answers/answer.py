"""The answer to why a request is refused: its steps, the first that says no, and who can mend it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

Told = Literal["custodian", "recipient"]


@dataclass(frozen=True, slots=True)
class ReasonDetail:
    """One thing behind a step, and where it is written: ``file:line``; *quoted* is what the client is answered."""

    text: str
    place: str = ""
    passed: bool = True
    quoted: bool = False


@dataclass(frozen=True, slots=True)
class AnsweredStep:
    """One step of the request: what it asks, whether it was passed, and what stands behind it.

    *text* is to be translated and then filled with the *arguments*.
    """

    step: str
    asked: str
    passed: bool
    text: str
    arguments: Mapping[str, str] = field(default_factory=dict)
    details: tuple[ReasonDetail, ...] = ()


@dataclass(frozen=True, slots=True)
class WhoMends:
    """Somebody who can mend it: a *role* of an *org*; without a role it is nobody, or a matter of time."""

    text: str
    role: str = ""
    org: str = ""


@dataclass(frozen=True, slots=True)
class WhyAnswer:
    """Why a request of a *client* for a *view* is refused, as it is *told* to a custodian or a recipient.

    *refused* is the step that says no; empty where none does that can be known without sending anything.
    """

    client: str
    told: Told
    view: str
    refused: str
    code: str
    steps: tuple[AnsweredStep, ...]
    mends: tuple[WhoMends, ...]


@dataclass(frozen=True, slots=True)
class ToldRefusal:
    """One of the last refusals of a client, without any value; *id* finds it again."""

    client: str
    at: datetime
    method: str
    view: str
    district: str
    status: int
    code: str
    step: str
    id: str
