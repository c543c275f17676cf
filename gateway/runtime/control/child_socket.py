"""Questions of a custodian about one child, answered by the running gateway: what of the child is shown to whom."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gateway.reasoning.children import child_view
from gateway.runtime.control import control_socket
from policies.explain import TraceStep
from policies.reasoning.differences import DENY, action_of
from policies.reasoning.exposure import elements_of
from standards.errors import GatewayError, SettingsError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from contextlib import AbstractContextManager
    from pathlib import Path

    from gateway.gateway import Gateway
    from gateway.runtime.state import GatewayState

    Visiting = Callable[[], AbstractContextManager[GatewayState]]

COMMAND = "agreements child"
ARGUMENTS = ("district", "identifier", "element", "client")


@dataclass(frozen=True, slots=True)
class Question:
    """A question about the student of a *district* with an *identifier*: what of an *element* is shown, and to whom.

    Without a *client* it is about every client. The answer never repeats the identifier, nor any value.
    """

    district: str
    identifier: str
    element: str
    client: str = ""


@dataclass(frozen=True, slots=True)
class ChildAnswer:
    """What one version of an agreement shows a client of an element of the child, in words and step by step."""

    agreement: str
    version: int
    client: str
    element: str
    words: str
    steps: tuple[TraceStep, ...]


def answers(gateway: Gateway, question: Question) -> Iterator[ChildAnswer]:
    """Answer for every agreement in force in the district that releases anything of the element.

    Raises:
        SettingsError: there is no such district.
        NotFound: there is no such element, or no such student.
    """
    if question.district not in gateway.districts:
        raise SettingsError(f"there is no district {question.district}")
    names = elements_of(question.element)
    for grant in gateway.grants.every(question.district):
        present = {(one.id, one.version) for one in gateway.grants.serving(grant.client)}
        asked = question.client in {"", grant.client} and (grant.agreement, grant.version) in present
        seen = [name for name in names if action_of(grant, name) != DENY] if asked else []
        child = child_view(gateway, grant, question.identifier, seen) if seen else None
        for name in seen if child else ():
            assert child is not None
            steps = tuple(child.steps(name))
            yield ChildAnswer(grant.agreement, grant.version, grant.client, name, child.words(name), steps)


def serve(visiting: Visiting, asked: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Answer the command, a line for each agreement, client and element."""
    question = Question(*(str(asked.get(name) or "") for name in ARGUMENTS))
    with visiting() as state:
        for one in answers(state.gateway, question):
            steps = [[step.about, step.passed, step.text] for step in one.steps]
            yield {
                "agreement": one.agreement, "version": one.version, "client": one.client, "element": one.element,
                "words": one.words, "steps": steps,
            }  # fmt: skip


def ask(state: Path, question: Question) -> tuple[ChildAnswer, ...]:
    """Ask the gateway of the folder *state*.

    Raises:
        NotRunning: no gateway runs there.
        GatewayError: it refuses.
    """
    arguments = {name: getattr(question, name) for name in ARGUMENTS}
    found: list[ChildAnswer] = []
    for line in control_socket.ask(state, COMMAND, **arguments):
        if line.get("ok") is False:
            raise GatewayError(str(line.get("text")))
        if "steps" in line:
            steps = tuple(TraceStep(*step) for step in line["steps"])
            said = (line["agreement"], line["version"], line["client"], line["element"], line["words"])
            found.append(ChildAnswer(*said, steps))
    return tuple(found)
