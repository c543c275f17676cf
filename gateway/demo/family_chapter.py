"""The chapter of families: a consent given and withdrawn, an address protected, and a parent who asks who saw it."""

from __future__ import annotations

import time
from itertools import groupby
from typing import TYPE_CHECKING, Any, Final, Protocol

from gateway.demo.commands import typed

if TYPE_CHECKING:
    from collections.abc import Sequence

    import requests
    from rich.console import Console

    from gateway.demo.scenario.region import Scenario

CLIENT: Final = "mentoring"
STEPS: Final = (
    "nobody has signed anything", "the mother signs the form", "the state protects the address",
    "the mother withdraws her consent",
)  # fmt: skip
SITE: Final = 1
"""The place of the district among the region's: one with Ed-Fi files, which have addresses."""
EDFI: Final = "data/v3/ed-fi"
EFFECT_SECONDS: Final = 1.0
"""The time within which a command counts in every process."""
SUBSTITUTE: Final = "street: PO Box 257\ncity: Olympia\nstate: WA\npostalCode: 98507\n"
NOTHING: Final = "-"


class Narrator(Protocol):
    """The transcript, as far as a chapter needs it."""

    scenario: Scenario
    console: Console

    def head(self, title: str, text: str) -> None:
        """Print the title of a chapter, and what it is about."""

    def say(self, text: str) -> None:
        """Print a sentence."""

    def table(self, titles: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> None:
        """Print a table."""

    def ask(self, verb: str, name: str, path: str) -> requests.Response:
        """Ask the gateway as the consumer called *name*."""
        ...


class FamilyChapter:
    """The chapter, told by the commands that a privacy officer types and by what a consumer is answered after each."""

    def __init__(self, transcript: Narrator) -> None:
        self.transcript = transcript
        self.site = transcript.scenario.sites[SITE]
        self.district, self.child = self.site.district.name, self.site.district.spotlight
        self.folder = transcript.scenario.settings.parent

    def show(self) -> None:
        """Print the steps, each with what the consumer sees after it, and who saw the child in the end."""
        told = self.transcript
        told.head(
            "7. What a family says",
            f"{self.child.name.given} {self.child.name.family} is a (made-up) child in {self.district.title()}. City "
            "Mentors may see children whose parents signed its form, and nobody else. The registers know a child by "
            "keyed tags alone. Each line below is one command; it counts within a second.",
        )
        steps = zip(STEPS, ((), self._signing(), self._protecting(), self._withdrawing()), strict=True)
        rows = [(said, *self._after(command)) for said, command in steps]
        told.table(("what happens", "children seen", "name", "address"), rows)
        told.console.print()
        told.say(f"And a parent asks who saw the record (crossing audit child {self.district} --paper es):")
        for line in self._paper():
            told.say(f"  {line}")

    def _signing(self) -> tuple[str, ...]:
        """Write the form as a family reads it, and return the command for the signed one."""
        form, today = str(self.folder / "form.txt"), self.transcript.scenario.today.isoformat()
        self._run("agreements", "document", self._agreement, "--kind", "consent", "--format", "text", "--output", form)
        return (
            "consents", "add", "--district", self.district, "--agreement", self._agreement, "--signer", "parent",
            "--method", "paper", "--signed", today, "--form-text", form,
        )  # fmt: skip

    def _protecting(self) -> tuple[str, ...]:
        """Write the substitute address, and return the command that puts it in the place of the real one."""
        box = self.folder / "box.txt"
        box.write_text(SUBSTITUTE, "utf-8")
        return (
            "restrictions", "add", "--district", self.district, "--kind", "acp", "--substitute-from", str(box),
            "--reason", "card of the address programme",
        )  # fmt: skip

    def _withdrawing(self) -> tuple[str, ...]:
        return "consents", "withdraw", "--district", self.district, "--reason", "letter of the mother"

    @property
    def _agreement(self) -> str:
        return f"{CLIENT}-{self.district}"

    def _after(self, command: tuple[str, ...]) -> tuple[str, str, str]:
        """Run a command about the child, wait until it counts, and return what the consumer sees now."""
        if command:
            self._run(*command, about=self.child.state_id)
            time.sleep(EFFECT_SECONDS)
        children = self._ask("students")
        own = self._ask(f"studentEducationOrganizationAssociations?studentUniqueId={self.child.state_id}")
        names = [f"{one['firstName']} {one['lastSurname']}" for one in children]
        places = [f"{one['streetNumberName']}, {one['city']}" for each in own for one in each.get("addresses", ())]
        return str(len(children)), ", ".join(names) or NOTHING, places[0] if places else NOTHING

    def _ask(self, path: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.transcript.ask("GET", CLIENT, f"{self.district}/{EDFI}/{path}").json()
        return found

    def _paper(self) -> list[str]:
        """Return the lines of the paper for the parent, with an ellipsis for those that tell each fact."""
        lines = self._run("audit", "child", self.district, "--paper", "es", about=self.child.state_id).splitlines()
        kept = (f"{line.partition('- ')[0]}…" if line.lstrip().startswith("- ") else line for line in lines)
        return [line for line, _ in groupby(line for line in kept if line.strip())]

    def _run(self, *words: str, about: str = "") -> str:
        """Run a command as a person would, with the child's id on its standard input."""
        return typed(self.transcript.scenario.settings, *words, about=about)
