"""What the demonstration prints: who asked, what left, what did not and why, and what was written down."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import requests
from rich.console import Console
from rich.json import JSON
from rich.panel import Panel
from rich.table import Table

from gateway import chain
from gateway.audit import PURPOSE, verify
from gateway.settings import load
from policies.agreement import load_folder
from policies.explain import explain

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gateway.region.premises import Account, Premises

ONEROSTER = "ims/oneroster/rostering/v1p2"
EDFI = "data/v3/ed-fi"
ASKED_ABOUT = (
    "student.name.given",
    "student.name.family",
    "student.birthDate",
    "student.email",
    "student.sex",
    "contact.phone",
)


class Transcript:
    """One telling of the main job, against a region that is up."""

    def __init__(self, premises: Premises, base: str, console: Console | None = None) -> None:
        self.premises, self.base = premises, base
        self.console = console or Console(width=110, highlight=False)
        self.accounts = {account.name: account for account in premises.accounts}
        self.settings = load(premises.settings)
        self._tokens: dict[str, str] = {}

    def show(self) -> None:
        """Everything, in the order in which a superintendent would ask."""
        self.introduce()
        self.count()
        self.compare()
        self.withhold()
        self.refuse()
        self.account_for()

    def introduce(self) -> None:
        """The districts, and who asks for what."""
        self._head(
            "1. Who asks, and for what purpose",
            "Three fictional districts keep their records in three different systems. Four organisations have signed "
            "an agreement with one or more of them. Nobody gets more than the agreement says, and nothing is stored "
            "in between.",
        )
        table = Table(show_header=True, header_style="bold", box=None, pad_edge=False)
        for title in ("consumer", "organisation", "purpose", "needs"):
            table.add_column(title)
        for account in self.premises.accounts:
            table.add_row(account.name, account.org, account.purpose, account.asks_for)
        self.console.print(table)

    def count(self) -> None:
        """How many students each consumer sees."""
        self._head(
            "2. The same question, four answers",
            "Each consumer asks for the students it may see. The number itself is part of the answer: somebody who "
            "may see 40 children is told 40.",
        )
        for name in self.accounts:
            answer = self._get(name, f"{ONEROSTER}/students?limit=1")
            self.console.print(f"  {name:12} GET /{ONEROSTER}/students -> {answer.headers['X-Total-Count']} students")

    def compare(self) -> None:
        """One student, as OneRoster and as Ed-Fi, for a consumer with a narrow agreement."""
        self._head(
            "3. One child, two standards, one agreement",
            "The tutoring organisation works with children in grades 3 to 5 of two schools. The district keeps "
            "OneRoster files; the tutor may ask in OneRoster or in Ed-Fi. One agreement rules both: first name in "
            "full, family name as an initial, birth date as its year.",
        )
        one = self._get("tutoring", f"maple/{ONEROSTER}/students?limit=1").json()["users"][0]
        identifier = one["sourcedId"]
        born = self._get("tutoring", f"maple/{ONEROSTER}/demographics/{identifier}").json()["demographics"]
        same = self._get("tutoring", f"maple/{EDFI}/students?studentUniqueId={identifier}").json()
        self._show("OneRoster user", one)
        self._show("OneRoster demographics", born)
        self._show("Ed-Fi student", same[0] if same else {})
        masked = self._get("analytics", f"maple/{ONEROSTER}/students?limit=1").json()["users"][0]
        self._show("A student as the analytics vendor sees one: a pseudonym that means nothing to anybody else", masked)

    def withhold(self) -> None:
        """What did not leave, and where that is written."""
        self._head(
            "4. What was withheld, and why",
            "Nothing leaves unless an agreement names it. For every element the privacy officer can ask why:",
        )
        agreements = load_folder(self.settings.agreements)
        for element in ASKED_ABOUT:
            for trace in explain(agreements, "tutoring", element, datetime.now(UTC)):
                verdict = trace.text("recipient").splitlines()[-1].strip().removeprefix("=>").strip()
                place = next((step.place for step in reversed(trace.steps) if step.passed and step.place), "")
                where = f" [{place.rpartition('/')[2]}]" if trace.released and place else ""
                self.console.print(f"  {trace.element:22} {verdict}{where}", markup=False)

    def refuse(self) -> None:
        """An attempt to learn a hidden value by filtering on it."""
        self._head(
            "5. Asking sideways",
            "The analytics vendor may not see names. A clever one would try to guess them: 'how many students are "
            "called Lee?' It gets the answer it would get for a field that does not exist.",
        )
        answers = []
        for field in ("familyName", "shoeSize"):
            answer = self._get("analytics", f"maple/{ONEROSTER}/students", {"filter": f"{field}='Lee'"})
            answers.append((answer.status_code, answer.text.replace(field, "*")))
            self.console.print(f"  filter={field}='Lee' -> {answer.status_code} {_minor(answer)}", markup=False)
        alike = "alike, to the last byte but the name asked for" if answers[0] == answers[1] else "DIFFERENT"
        self.console.print(f"  The two refusals are {alike}.")

    def account_for(self) -> None:
        """The last disclosure as it was recorded, and whether the record is whole."""
        self._head(
            "6. What was written down before it left",
            "Every disclosure is recorded before its first byte is sent: who, under which agreement, which fields, "
            "how many records, and a keyed mark for each child, so that a parent can be told who saw the record. "
            "No name, no id and no value is in it.",
        )
        folder = self.settings.audit.folder
        events = [event for event in chain.read_events(folder) if event["client"] == "tutoring" and event["rows"]]
        self._show("The tutor's last disclosure", events[-1])
        problems = verify(folder, self.settings.open_keys().derive(PURPOSE))
        state = "whole: no entry was changed, removed or moved" if not problems else f"BROKEN: {problems[0]}"
        self.console.print(f"  The record is {state}.", markup=False)
        self._head(
            "That is all",
            "The region is now switched off and its files are removed. Connect your own districts: see README.md.",
        )

    def _get(self, name: str, path: str, parameters: dict[str, str] | None = None) -> requests.Response:
        headers = {"Authorization": f"Bearer {self._token(self.accounts[name])}"}
        return requests.get(f"{self.base}/{path}", params=parameters, headers=headers, timeout=60)

    def _token(self, account: Account) -> str:
        if account.name not in self._tokens:
            answer = requests.post(
                f"{self.base}/oauth/token",
                data={"grant_type": "client_credentials"},
                auth=(account.client_id, account.client_secret),
                timeout=30,
            )
            self._tokens[account.name] = answer.json()["access_token"]
        return self._tokens[account.name]

    def _head(self, title: str, text: str) -> None:
        self.console.print()
        self.console.rule(f"[bold]{title}", align="left")
        self.console.print(text)
        self.console.print()

    def _show(self, title: str, body: Any) -> None:
        self.console.print(Panel(JSON(json.dumps(body, ensure_ascii=False)), title=title, title_align="left"))


def _minor(answer: requests.Response) -> str:
    codes: Sequence[dict[str, str]] = answer.json()["imsx_CodeMinor"]["imsx_codeMinorField"]
    return codes[0]["imsx_codeMinorFieldValue"]
