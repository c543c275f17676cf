"""Why a client is refused, asked by an operator at the command line and answered by the running gateway."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final

from gateway.admin.answers.why import Why
from gateway.people.actor import operator

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from gateway.admin.administration import Administration
    from gateway.admin.answers.answer import Told

COMMAND: Final = "why"


def serve(region: Callable[[], Administration], asked: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Answer the command with one line; its address is not repeated."""
    client, address, actor, purpose = (str(asked.get(name) or "") for name in ("client", "address", "actor", "purpose"))
    told: Told = "recipient" if asked.get("recipient") else "custodian"
    answer = Why(region()).of_address(operator(actor[:80]), client, told, address, purpose=purpose)
    yield asdict(answer)
