"""The chapter of a child who moves: asked for, found, released, sealed, fetched, filed, and nothing left behind."""

from __future__ import annotations

import time
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, Protocol

from gateway.demo.commands import typed
from gateway.demo.console_links import signed_in
from gateway.demo.data.oneroster.ids import Ids
from gateway.demo.scenario.transfer_parties import RECEIVER, SENDER
from gateway.demo.search import SearchResult, search
from gateway.people.sessions import COOKIE
from standards.errors import StoreUnavailable

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import requests

    from gateway.demo.scenario.region import Scenario

API: Final = "transfers/v1"
TAKEN: Final = ("students.birthCity", "studentEducationOrganizationAssociations.sexDescriptor")
"""What the registrar lets the record fill in, of what was not typed in."""
LATER: Final = ("contacts", "special-education", "health", "discipline", "documents", "assessment", "graduation")
"""What no rule releases, and what the first track does not carry."""
PATIENCE_SECONDS: Final = 30
PAUSE_SECONDS: Final = 0.2
NOTHING: Final = "-"


class TransferNarrator(Protocol):
    """The transcript, as far as this chapter needs it."""

    scenario: Scenario
    base: str
    web: requests.Session

    def head(self, title: str, text: str) -> None:
        """Print the title of a chapter, and what it is about."""

    def say(self, text: str) -> None:
        """Print a sentence."""

    def gap(self) -> None:
        """Print an empty line."""

    def table(self, titles: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> None:
        """Print a table."""

    def ask(self, verb: str, name: str, path: str, **more: Any) -> requests.Response:
        """Ask the gateway as the consumer called *name*."""
        ...


class TransferChapter:
    """The chapter, told by what each side does and by what the receiving district is answered after it."""

    def __init__(self, transcript: TransferNarrator) -> None:
        self.transcript, self.moving = transcript, transcript.scenario.moving
        self.settings = transcript.scenario.settings
        self.there, self.here = self.moving.mover.there, self.moving.mover.here
        self.answers: list[bytes] = []
        self.searches: list[SearchResult] = []

    def show(self) -> None:
        """Print the steps, what is then in the receiver's system, the paper, and what the gateway has kept."""
        told, name = self.transcript, self.there.name
        told.head(
            "8. A child moves",
            f"{name.given} {name.family} (made up) has moved from Alder, which keeps OneRoster files, to Fir, which "
            "has an Ed-Fi ODS. By their agreement, information leaves by rule if state id and birth date are exact; "
            "on the rest a person of Alder decides. Each district has keys of its own. One line is one step:",
        )
        before = self._filed
        told.table(("who", "what happens", "how", "Fir sees"), list(self._steps()))
        told.gap()
        told.say(self._alike())
        after = self._filed
        told.say(
            "In Fir's own system, before and after: "
            + "; ".join(f"{what} {before[what]} → {after[what]}" for what in after)
            + f". Beside it {self._documents} files for the registrar: summary, OneRoster, Ed-Fi."
        )
        told.gap()
        told.say(f"And the paper of 34 CFR 99.32 names Fir (crossing audit child {SENDER}):")
        for line in self._paper():
            told.say(f"  {line}")
        told.gap()
        told.say(self._left_behind())

    def _steps(self) -> Iterator[tuple[str, str, str, str]]:
        """Do each step, and yield who did what, how, and what the receiver's program is answered then."""
        yield "Fir", "asks for the record", "POST /transfers/v1/transfers", self._asked()
        self._await(SENDER, "signatures")
        yield "gateway", "finds one child; the rule releases", "by itself", self._seen()
        self._in_house(SENDER, "send", "sign")
        yield "Alder", "signs it by its own key", "crossing send sign", self._seen()
        self._await(RECEIVER, "packages")
        yield "gateway", "has sealed it to Fir's key", "by itself", self._seen()
        self._in_house(RECEIVER, "receive", "fetch", self.transfer)
        yield "Fir", "fetches, verifies, opens it", "crossing receive fetch", self._seen()
        takes = [word for one in TAKEN for word in ("--take", one)]
        self._in_house(RECEIVER, "receive", "file", self.transfer, *takes)
        yield "Fir", "files it, echoes the figures", "crossing receive file --take …", self._seen()
        self._decided()
        yield "Alder", "an approver releases the rest", "signed in, POST …/supplement", self._seen()
        self._await(SENDER, "signatures")
        self._in_house(SENDER, "send", "sign")
        self._await(RECEIVER, "packages")
        self._in_house(RECEIVER, "receive", "run", "--once")
        yield "both", "sign, fetch, file, acknowledge", "crossing receive run", self._seen()

    @cached_property
    def transfer(self) -> str:
        """The id of the transfer: asked for once."""
        child = {
            "stateId": self.here.state_id, "family": self.here.name.family, "given": self.here.name.given,
            "birthDate": self.here.birth_date.isoformat(),
        }  # fmt: skip
        form = {"sender": SENDER, "student": child, "standing": "enrollment"}
        headers = {"Idempotency-Key": '"the-demonstration"'}
        answer = self._told(
            self.transcript.ask(
                "POST", self.moving.clients[RECEIVER].name, f"{API}/transfers", json=form, headers=headers
            )
        )
        return str(answer.json()["id"])

    def _asked(self) -> str:
        return self._seen() if self.transfer else NOTHING

    def _seen(self) -> str:
        """Ask what has become of the request, as the program of the receiver, and say it in words; search meanwhile."""
        place = f"{API}/transfers/{self.transfer}"
        answer = self._told(self.transcript.ask("GET", self.moving.clients[RECEIVER].name, place))
        seen = answer.json()
        self._search()
        if "version" in seen:
            return f"{seen['state']}, version {seen['version']}"
        self.answers.append(answer.content)
        return f"{seen['state']}, due {seen['due'][:10]}"

    def _alike(self) -> str:
        verdict = "the same to the last byte" if len(set(self.answers)) == 1 else "DIFFERENT"
        return f"Until it is delivered, Fir's {len(self.answers)} answers are {verdict}, whatever happens at Alder."

    def _decided(self) -> None:
        """Release the rest as an approver of the sender who has signed in: exactly what the preview shows."""
        place = f"{self.transcript.base}/{API}/transfers/{self.transfer}"
        headers = {"Cookie": f"{COOKIE}={signed_in(self.settings, SENDER, 'approver')}"}
        web = self.transcript.web
        session = self._told(web.get(f"{self.transcript.base}/admin/v1/session", headers=headers, timeout=60))
        asked = {"sections": ",".join(LATER)}
        seen = self._told(web.get(f"{place}/preview", params=asked, headers=headers, timeout=60))
        headers |= {
            "X-CSRF-Token": session.json()["csrfToken"], "If-Match": seen.headers["ETag"],
            "Idempotency-Key": '"the-approver"',
        }  # fmt: skip
        form = {"sections": LATER, "withheld": []}
        self._told(web.post(f"{place}/supplement", json=form, headers=headers, timeout=60))

    @property
    def _filed(self) -> dict[str, str]:
        """What the receiver's own system has of the child: nobody else is asked."""
        rows, unique = self.transcript.scenario.ods.state.rows, self.here.state_id
        own = [
            row.document
            for row in rows["StudentEducationOrganizationAssociation"].values()
            if row.document["studentReference"]["studentUniqueId"] == unique
        ]
        born = next(row.document for row in rows["Student"].values() if row.document["studentUniqueId"] == unique)
        sexes = [str(document.get("sexDescriptor", "")).rpartition("#")[2] for document in own]
        return {"sex": ", ".join(sexes) or NOTHING, "born in": str(born.get("birthCity", NOTHING))}

    @property
    def _documents(self) -> int:
        return sum(one.is_file() for one in (self.moving.houses / RECEIVER / "records").rglob("*"))

    def _paper(self) -> list[str]:
        """Return the row of the paper about the receiver, up to the facts that were sent."""
        lines = typed(self.settings, "audit", "child", SENDER, about=self._own_id).splitlines()
        first = next(number for number, line in enumerate(lines) if line.startswith("1. "))
        rows = lines[first : next(number for number, line in enumerate(lines) if "Events:" in line)]
        return [
            *rows,
            f"   … and {sum(line.lstrip().startswith('- ') for line in lines)} facts, by name, never by value",
        ]

    def _search(self) -> None:
        """Search all that the gateway has written until now for words of the child."""
        folder = self.settings.parent
        places = (folder / "state", folder / "agreements", folder / "gateway.log", self.settings)
        self.searches.append(search(places, self._words()))

    def _left_behind(self) -> str:
        """Say what the searches after each step came to, and that of what the receiver has filed beside them."""
        last, found = self.searches[-1], {name for one in self.searches for name in one.found}
        verdict = f"they are in {', '.join(sorted(found))}" if found else "none of them was there"
        filed = search([self.moving.houses / RECEIVER / "records"], self._words()).found
        return (
            f"After each step all that the gateway had written, at the end {last.size:,} bytes in {last.files} files "
            "of registry, record, packages, queue and log, was searched for the names of the child and its parents, "
            f"birth date, ids, mail: {verdict}. In {len(filed)} files of Fir's records the same search finds them."
        )

    def _words(self) -> Iterator[str]:
        """Yield the words of the child and its family, none of which the gateway may have written down."""
        child, sender = self.there, self.moving.sender
        yield from (child.name.given, child.name.family, f"{child.name.given} {child.name.family}")
        yield from (child.birth_date.isoformat(), child.state_id, self._own_id, child.email, child.username)
        family = {one.guardian for one in sender.guardianships if one.student == child.id}
        for adult in (one for one in sender.guardians if one.id in family):
            yield from (f"{adult.name.given} {adult.name.family}", adult.email)

    @property
    def _own_id(self) -> str:
        """The id by which the sender's own files know the child."""
        sender = self.moving.sender
        return Ids(sender.name, sender.school_year).student(self.there.id)

    def _in_house(self, district: str, *words: str) -> str:
        """Run a command of a district's agent, in its own house."""
        return typed(self.moving.house(district), *words)

    def _await(self, district: str, what: str) -> None:
        """Wait until something lies there for a district: *signatures* to be made, or *packages* to be fetched."""
        end = time.monotonic() + PATIENCE_SECONDS
        while not self._told(self.transcript.ask("GET", self.moving.clients[district].name, f"{API}/{what}")).json():
            if time.monotonic() > end:
                raise StoreUnavailable("The gateway did not do its part of the transfer in time.")
            time.sleep(PAUSE_SECONDS)

    @staticmethod
    def _told(answer: requests.Response) -> requests.Response:
        if not answer.ok:
            raise StoreUnavailable(f"The gateway refused a step of the transfer: {answer.text}")
        return answer
