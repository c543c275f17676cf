"""The transcript of the demonstration: who asked, what was released, what was not and why, and what was recorded."""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
from collections import Counter
from contextlib import closing
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import requests
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from gateway.audit import chain
from gateway.audit.log import PURPOSE, verify
from gateway.audit.reports.reading import AuditReader
from gateway.config.settings import load
from gateway.demo.family_chapter import FamilyChapter
from gateway.demo.scenario.exhibit import own_id, own_words
from gateway.demo.transfer_chapter import TransferChapter
from gateway.every_agreement import load_every
from gateway.storage.registry import open_store
from policies.explain import explain
from standards.keys import Keyring

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from gateway.demo.scenario.clients import DemoClient
    from gateway.demo.scenario.region import Scenario
    from policies.explain import Trace

MAX_LINE_CHARACTERS = 110
ONEROSTER = "ims/oneroster/rostering/v1p2"
GRADEBOOK = "ims/oneroster/gradebook/v1p2"
WRITER = "conformance-oneroster"
GIVEN = "a-score-given-back"
EDFI = "data/v3/ed-fi"
NOTHING = "-"
NO_DAY = "1999-12-31"
# An element in plain words, its name in agreements, its place in the district's file, in OneRoster and in Ed-Fi.
FACTS = (
    ("id", "student.id", "sourcedId", "sourcedId", "studentUniqueId"),
    ("first name", "student.name.given", "givenName", "givenName", "firstName"),
    ("family name", "student.name.family", "familyName", "familyName", "lastSurname"),
    ("birth date", "student.birthDate", "birthDate", "birthDate", "birthDate"),
    ("grade", "enrollment.grade", "grades", "grades", "entryGradeLevelDescriptor"),
    ("sex", "student.sex", "sex", "sex", "birthSexDescriptor"),
    ("telephone", "student.phone", "phone", "phone", "telephones"),
)


class Transcript:
    """One transcript of the demonstration, against a region that is up."""

    def __init__(self, scenario: Scenario, base: str, console: Console | None = None) -> None:
        self.scenario, self.base = scenario, base
        self.console = console or _console()
        every = (*scenario.accounts, *scenario.moving.clients.values())
        self.accounts = {account.name: account for account in every}
        self.settings = load(scenario.settings)
        self.keys = self.settings.open_keys()
        self.keyring = Keyring(self.keys.derive("ids"))
        self.district = scenario.shown.district
        self.child = self.district.spotlight
        self.id = own_id(scenario.shown, self.child)
        self.web = requests.Session()
        self.web.trust_env = False  # no proxy leads to this machine
        self._tokens: dict[str, str] = {}

    def show(self) -> None:
        """Print every chapter, in the order in which a superintendent would ask."""
        with self.web:
            self.introduce()
            self.compare()
            self.withhold()
            self.refuse()
            self.give_back()
            self.account_for()
            FamilyChapter(self).show()
            TransferChapter(self).show()
        self.head(
            "That is all",
            "The gateway is off, every file of this region is removed. README.md tells how to connect your district. "
            "In a browser: `demo --serve` prints links into the console; docs/console.md is its guide.",
        )

    def introduce(self) -> None:
        """Print the districts, who asks for what, and how many children each of them sees."""
        self.head(
            "1. Who asks, and for what purpose",
            "Five made-up districts keep their records in five ways. Each consumer signed an agreement for one "
            "purpose. The gateway lets through what an agreement names and nothing else, and writes no copy.",
        )
        told = "; ".join(f"{site.district.name.title()}, {site.dialect}" for site in self.scenario.sites)
        self.say(f"Each of {len(self.district.students):,} students: {told}.")
        self.console.print()
        rows = []
        for account in self.scenario.accounts:
            seen = self._children(account.name)
            where = ", ".join(name.title() for name in account.districts)
            rows.append((account.name, account.purpose, account.asks_for, where, f"{seen:,}"))
        self.table(("consumer", "purpose", "asks for", "district", "children seen"), rows)

    def compare(self) -> None:
        """Print the spotlight child in the district's own file, and as each consumer gets it."""
        name = f"{self.child.name.given} {self.child.name.family}"
        self.head(
            "2. One child, two standards, one agreement",
            f"{name} is a (made-up) child at {self._school_name}. {self.district.title} keeps OneRoster files; the "
            f"tutor may ask in OneRoster or in Ed-Fi, and gets the same facts either way. Analytics may study classes "
            "but know no child: its id for the child is a pseudonym that nobody else can use or undo.",
        )
        own, user, student, masked = self._own, self._user, self._student, self._masked
        rows = [
            (said, _text(own.get(at)), _text(user.get(one)), _text(student.get(two)), _text(masked.get(one)))
            for said, _, at, one, two in FACTS
        ]
        titles = ("", f"{self.district.name.title()}'s own file", "tutor, OneRoster", "tutor, Ed-Fi", "analytics")
        self.table(titles, rows)
        self._body(f"The tutor's answer from GET /maple/{ONEROSTER}/students/{self.id}", self._raw_user)
        self._body(f"The tutor's answer from GET /maple/{EDFI}/students?studentUniqueId={self.id}", self._raw_student)

    def withhold(self) -> None:
        """Print what was withheld, why, and by which line of the agreement."""
        everyone = len(self.district.students)
        seen = self._children("tutoring", "maple/")
        self.head(
            "3. What was withheld from the tutor, and why",
            "The default is no. Each fact leaves only if a line of the agreement names it, whichever standard is "
            "spoken:",
        )
        traces = {trace.element: trace for _, name, *_ in FACTS for trace in self._explain(name)}
        self.table(
            ("fact", "decision", "written in"),
            [(said, *_verdict(traces[name])) for said, name, *_ in FACTS] + [("anything else", *_verdict(None))],
        )
        people = next(step.text for step in traces["student.id"].steps if step.about == "population")
        self.console.print()
        self.say(f"Children: {everyone - seen:,} of {everyone:,} are outside. Inside are only {people}.")

    def refuse(self) -> None:
        """Print attempts to learn what is hidden by asking sideways."""
        self.head(
            "4. Asking sideways",
            "A hidden fact behaves exactly like one that does not exist, and a coarse one is coarse in questions too.",
        )
        surname = self.child.name.family.replace("'", "''")
        listing, born = f"maple/{ONEROSTER}/students", f"maple/{ONEROSTER}/demographics"
        day = self.child.birth_date.isoformat()
        outside = [one for one in self.district.students if one.school not in self.district.spotlight_schools]
        other = own_id(self.scenario.shown, outside[0]) if outside else "maple-s-1"
        attempts: tuple[tuple[str, str, str, dict[str, str]], ...] = (
            ("analytics", f"students called {self.child.name.family}", listing, {"filter": f"familyName='{surname}'"}),
            ("analytics", "students with a fact that does not exist", listing, {"filter": "shoeSize='38'"}),
            ("tutoring", f"was this child born on {day}?", born, {"filter": _both(self.id, f"birthDate='{day}'")}),
            (
                "tutoring",
                f"was this child born on {NO_DAY}?",
                born,
                {"filter": _both(self.id, f"birthDate='{NO_DAY}'")},
            ),
            ("tutoring", "a child at another school", f"{listing}/{other}", {}),
            ("tutoring", "a child that does not exist", f"{listing}/maple-s-000000", {}),
        )
        said, bodies = [], []
        for name, question, path, parameters in attempts:
            answer = self._get(name, path, parameters)
            said.append((name, question, f"{answer.status_code} {_outcome(answer)}"))
            bodies.append((answer.status_code, answer.text.replace("familyName", "*").replace("shoeSize", "*")))
        self.table(("who", "asks for", "answer"), said)
        alike = all(one == two for one, two in zip(bodies[::2], bodies[1::2], strict=True))
        self.console.print()
        verdict = "the same to the last byte, but for the name that was asked for" if alike else "DIFFERENT"
        self.say(f"The two answers of each pair are {verdict}.")

    def give_back(self) -> None:
        """Print a score written into the gradebook of the district whose system accepts changes, and deleted again."""
        book, older = GRADEBOOK, "ims/oneroster/v1p1"
        self.head(
            "5. Giving back a score",
            "Birch's system takes changes of its gradebook. What a writer does not see of a record stays as it was.",
        )
        result = self._get(WRITER, f"{book}/results?limit=1").json()["results"][0]
        score = {name: result[name] for name in ("lineItem", "student", "scoreDate")}
        score |= {"scoreStatus": "fully graded", "score": 42}
        place, kept = f"{book}/results/{GIVEN}", self.scenario.sis.documents["results"]
        steps: tuple[tuple[str, str, str, Any], ...] = (
            ("gives a child a score", "PUT", place, {"result": score}),
            ("corrects it, as version 1.1", "PUT", f"{older}/results/{GIVEN}", {"result": score | {"score": 43}}),
            ("names a fact that does not exist", "PUT", place, {"result": score | {"shoeSize": 38}}),
            ("deletes it", "DELETE", place, None),
        )
        rows = []
        for said, verb, path, body in steps:
            answer = self.ask(verb, WRITER, path, json=body)
            rows.append((said, f"{verb} {answer.status_code}", str(kept.get(GIVEN, {}).get("score", NOTHING))))
        self.table(("the consumer", "answer", "score in Birch's system"), rows)

    def account_for(self) -> None:
        """Print what the audit log has of the child, one entry of it, and what becomes of a forged one."""
        self.head(
            "6. What was written down before it left",
            "Every disclosure is on disk before its first byte is sent. The record holds no name, no id and no value: "
            "a child is a keyed mark in it, by which a parent can be told who saw the record.",
        )
        self.say(f"Who saw the record of {self.child.name.given} {self.child.name.family}?")
        with closing(open_store(self.settings.store_url)) as registry:
            seen = list(AuditReader(self.settings, registry).about(self.district.name, self.id))
        who = Counter((event["client"], event["purpose"], event["basis"]) for event in seen)
        what = {one: sorted({event["view"] for event in seen if event["client"] == one[0]}) for one in who}
        rows = [(*one, f"{times} times", ", ".join(what[one])) for one, times in who.items()]
        self.table(("consumer", "purpose", "FERPA basis", "asked", "what"), rows)
        self._body("The last of these entries, as it is kept:", seen[-1])
        self.console.print()
        key = self.keys.derive(PURPOSE)
        problems = verify(self.settings.audit.folder, key)
        self.say(f"Verified: {'nothing was changed, removed or moved' if not problems else problems[0]}.")
        self.say(f"Again, after a figure was changed in a copy: {self._forged(key)}.")

    @cached_property
    def _own(self) -> Mapping[str, str]:
        return own_words(self.scenario.shown, self.child)

    @cached_property
    def _school_name(self) -> str:
        return next(one.name for one in self.district.schools if one.id == self.child.school)

    @cached_property
    def _raw_user(self) -> dict[str, Any]:
        return self._record("tutoring", f"maple/{ONEROSTER}/students/{self.id}", "user")

    @cached_property
    def _raw_student(self) -> dict[str, Any]:
        return self._record("tutoring", f"maple/{EDFI}/students?studentUniqueId={self.id}", 0)

    @cached_property
    def _user(self) -> dict[str, Any]:
        """Fetch the tutor's view in OneRoster: the user, and its demographics."""
        born = self._record("tutoring", f"maple/{ONEROSTER}/demographics/{self.id}", "demographics")
        return born | self._raw_user

    @cached_property
    def _student(self) -> dict[str, Any]:
        """Fetch the tutor's view in Ed-Fi: the child, and its enrollment."""
        place = f"maple/{EDFI}/studentSchoolAssociations?studentUniqueId={self.id}"
        return self._record("tutoring", place, 0) | self._raw_student

    @cached_property
    def _masked(self) -> dict[str, Any]:
        """Fetch the child as analytics sees it, found by turning its id into the pseudonym as only the gateway can."""
        block = self.keyring.blocks(self.district.name, "student", [self.id])
        pseudonym = self.keyring.pseudonyms("analytics", block)[0]
        born = self._record("analytics", f"maple/{ONEROSTER}/demographics/{pseudonym}", "demographics")
        return born | self._record("analytics", f"maple/{ONEROSTER}/students/{pseudonym}", "user")

    def _explain(self, element: str) -> Iterator[Trace]:
        names = {one.id: one.name for one in self.district.schools}
        yield from explain(load_every(self.settings), "tutoring", element, datetime.now(UTC), names)

    def _forged(self, key: bytes) -> str:
        """Return the verification of a copy in which one event is about fewer records."""
        with tempfile.TemporaryDirectory(dir=self.scenario.settings.parent) as place:
            copy = Path(shutil.copytree(self.settings.audit.folder, Path(place) / "copy"))
            segment = chain.list_segments(copy)[0]
            segment.write_bytes(segment.read_bytes().replace(b'"rows":1', b'"rows":0', 1))
            return verify(copy, key)[0]

    def _record(self, name: str, path: str, at: str | int) -> dict[str, Any]:
        found: dict[str, Any] = self._get(name, path).json()[at]
        return found

    def _children(self, name: str, prefix: str = "") -> int:
        """Return how many children a consumer sees, by a page past the last of them: counting discloses nobody."""
        page = self._get(name, f"{prefix}{ONEROSTER}/students?limit=1&offset={len(self.district.students)}000")
        return int(page.headers["X-Total-Count"])

    def _get(self, name: str, path: str, parameters: dict[str, str] | None = None) -> requests.Response:
        return self.ask("GET", name, path, params=parameters)

    def ask(self, verb: str, name: str, path: str, **more: Any) -> requests.Response:
        """Ask the gateway as the consumer called *name*."""
        headers = {"Authorization": f"Bearer {self._token(self.accounts[name])}"} | more.pop("headers", {})
        return self.web.request(verb, f"{self.base}/{path}", headers=headers, timeout=60, **more)

    def _token(self, account: DemoClient) -> str:
        if account.name not in self._tokens:
            answer = self.web.post(
                f"{self.base}/oauth/token",
                data={"grant_type": "client_credentials"},
                auth=(account.client_id, account.client_secret),
                timeout=30,
            )
            self._tokens[account.name] = answer.json()["access_token"]
        return self._tokens[account.name]

    def head(self, title: str, text: str) -> None:
        """Print the title of a chapter, and what it is about."""
        self.console.print()
        self.console.print(f"[bold]{title}[/bold]")
        self.console.print(text, markup=False)
        self.console.print()

    def say(self, text: str) -> None:
        """Print a sentence."""
        self.console.print(Padding(Text(text), (0, 0, 0, 2), expand=False))

    def gap(self) -> None:
        """Print an empty line."""
        self.console.print()

    def table(self, titles: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> None:
        """Print a table."""
        table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
        for title in titles:
            table.add_column(title)
        for row in rows:
            table.add_row(*map(Text, row))
        self.console.print(Padding(table, (0, 0, 0, 2), expand=False))

    def _body(self, title: str, body: Any) -> None:
        self.console.print()
        self.say(title)
        for line in _compact(body, "    ", self.console.width):
            self.console.print(line, markup=False, soft_wrap=True)


def _console() -> Console:
    """Return a console for plain text of a fixed width, or for a terminal."""
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="replace")
    console = Console(highlight=False)
    console.width = min(MAX_LINE_CHARACTERS, console.width) if console.is_terminal else MAX_LINE_CHARACTERS
    return console


def _compact(value: Any, indent: str, width: int, lead: str = "", trail: str = "") -> Iterator[str]:
    """Write JSON in few lines: what fits on one stands on one."""
    whole = f"{indent}{lead}{json.dumps(value, ensure_ascii=False)}{trail}"
    if len(whole) <= width or not value or not isinstance(value, dict | list):
        yield whole
        return
    left, right = "{}" if isinstance(value, dict) else "[]"
    yield f"{indent}{lead}{left}"
    named = value.items() if isinstance(value, dict) else (("", one) for one in value)
    line, last = "", len(value)
    for number, (name, one) in enumerate(named, start=1):
        about = f"{json.dumps(name)}: " if name else ""
        *before, part = _compact(one, f"{indent}  ", width, about, "," if number < last else "")
        if before or len(line) + len(part) > width:
            yield from (line, *before) if line else before
            line = part
        else:
            line = f"{line} {part.lstrip()}" if line else part
    yield from (line, f"{indent}{right}{trail}")


def _text(value: Any) -> str:
    """Write a value as a table shows it; a descriptor by its last part."""
    if isinstance(value, list):
        return ", ".join(map(_text, value)) or NOTHING
    return str(value).rpartition("#")[2] if value else NOTHING


def _verdict(trace: Trace | None) -> tuple[str, str]:
    """Return what happens to a fact, and by which line."""
    if trace is None or not trace.released:
        return "withheld", "no line of the agreement names it"
    place = next(step.place for step in reversed(trace.steps) if step.passed and step.place)
    return trace.text("recipient").partition(": ")[2], place.rpartition("/")[2].replace(":", ", line ")


def _both(identifier: str, condition: str) -> str:
    return f"sourcedId='{identifier}' AND {condition}"


def _outcome(answer: requests.Response) -> str:
    """Return a response in few words: how many records, or which error."""
    if answer.ok:
        return f"with {answer.headers['X-Total-Count']} records"
    codes = answer.json()["imsx_CodeMinor"]["imsx_codeMinorField"]
    return str(codes[0]["imsx_codeMinorFieldValue"])
