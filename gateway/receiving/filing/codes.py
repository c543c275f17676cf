"""Codes of the sending district in the words of the receiving one: looked up, asked once, remembered."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Protocol

from gateway.receiving.errors import UnknownChoice
from gateway.receiving.settings import NEW

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from gateway.receiving.state import StateFolder

DESCRIPTOR, COURSE = "descriptor", "course"
DOCUMENT: Final = "document"
"""The answer that what has this code is filed as a document, and not written."""
STANDARD: Final = "uri://ed-fi.org/"
MAX_COURSE_CODE_CHARACTERS: Final = 60
ANSWERS, QUESTIONS = "answers.json", "questions.json"
ID_CHARACTERS: Final = 8

NO_QUESTION = "There is no such question: `crossing receive questions` lists those that there are."
NOT_THERE = "The district's own system has no such code. Give one that it has, or `document`."


@dataclass(frozen=True, slots=True, order=True)
class CodeQuestion:
    """A code of the *sender* that nobody has mapped; *about* is its kind of descriptor, or the title of the course."""

    kind: str
    code: str
    about: str
    sender: str

    @property
    def id(self) -> str:
        """The name by which it is answered, always the same for the same code."""
        text = f"{self.kind}\n{self.sender}\n{self.code.casefold()}"
        return hashlib.sha256(text.encode()).hexdigest()[:ID_CHARACTERS]


class KnownCodes(Protocol):
    """The codes that the receiving district's system has."""

    def descriptors(self, kind: str) -> Mapping[str, str]:
        """Return the descriptors of a kind, each by its spelling in small letters; none where they cannot be read."""
        ...

    def has_course(self, code: str) -> bool:
        """Tell whether the district's catalogue has a course."""
        ...


class AnswerBook:
    """The answers about codes, those for every record and those for one *transfer* alone, and the open questions."""

    def __init__(self, state: StateFolder) -> None:
        self._state = state
        self._answers: dict[str, Any] = state.read(ANSWERS)
        self._asked: dict[str, Any] = state.read(QUESTIONS)

    def answer(self, question: CodeQuestion, transfer: str) -> str:
        """Return what was answered; empty where nothing was."""
        told = self._answers.get(question.id, {})
        return str(told.get(transfer) or told.get("") or "")

    def has_any(self, questions: Iterable[str], transfer: str) -> bool:
        """Tell whether any of some questions, by their ids, is answered."""
        told = (self._answers.get(one, {}) for one in questions)
        return any(one.get(transfer) or one.get("") for one in told)

    def ask(self, questions: set[CodeQuestion]) -> None:
        """Keep the open questions, which `crossing receive answer` names by their ids."""
        fresh = {one.id: [one.kind, one.code, one.about, one.sender] for one in questions}
        if any(self._asked.get(name) != told for name, told in fresh.items()):
            self._asked |= fresh
            self._state.write(QUESTIONS, self._asked)

    def question(self, identifier: str) -> CodeQuestion:
        """Return the question with an id.

        Raises:
            UnknownChoice: there is none.
        """
        if identifier not in self._asked:
            raise UnknownChoice(NO_QUESTION)
        return CodeQuestion(*self._asked[identifier])

    def remember(self, question: CodeQuestion, answer: str, known: KnownCodes, transfer: str = "") -> str:
        """Keep an answer, for every record or for one *transfer*; return it as the district's system spells it.

        Raises:
            UnknownChoice: the system has no such code.
        """
        chosen = _checked(question, answer, known)
        self._answers = {**self._answers, question.id: {**self._answers.get(question.id, {}), transfer: chosen}}
        self._state.write(ANSWERS, self._answers)
        return chosen


@dataclass(frozen=True, slots=True)
class CodeBook:
    """The codes of one record of a *sender*, mapped where they can be."""

    sender: str
    transfer: str
    answers: AnswerBook
    known: KnownCodes
    courses: str

    def descriptor(self, kind: str, value: str) -> str | CodeQuestion:
        """Return the receiving system's descriptor for a *value*, or `DOCUMENT`, or the question about it."""
        there = self.known.descriptors(kind)
        standard = f"{STANDARD}{kind}#{value.rpartition('#')[2]}"
        for spelling in (value, standard):
            if found := there.get(spelling.casefold()):
                return found
        if not there and value.startswith(STANDARD):
            return value  # a system that shows no descriptors has those of the standard
        return self._asked(CodeQuestion(DESCRIPTOR, value, kind, self.sender))

    def course(self, code: str, title: str) -> str | CodeQuestion:
        """Return the receiving district's code for a course, or `DOCUMENT`, or the question which one it is."""
        question = CodeQuestion(COURSE, code, title, self.sender)
        answer = self.answers.answer(question, self.transfer) or (NEW if self.courses == NEW else "")
        return self.new_course(code) if answer == NEW else answer or self._asked(question)

    def new_course(self, code: str) -> str:
        """Return the code of a course that is made for a transferred one: nobody else's begins with its sender."""
        return f"{self.sender}.{code}"[:MAX_COURSE_CODE_CHARACTERS]

    def _asked(self, question: CodeQuestion) -> str | CodeQuestion:
        return self.answers.answer(question, self.transfer) or question


def _checked(question: CodeQuestion, answer: str, known: KnownCodes) -> str:
    if answer == DOCUMENT or (question.kind == COURSE and answer == NEW):
        return answer
    if question.kind == COURSE:
        if known.has_course(answer):
            return answer
        raise UnknownChoice(NOT_THERE)
    there = known.descriptors(question.about)
    found = there.get(answer.casefold()) or there.get(f"{STANDARD}{question.about}#{answer}".casefold())
    if found is None:
        raise UnknownChoice(NOT_THERE)
    return found
