"""Checks of an agreement that somebody writes: every mistake with its line and part of the form, every warning."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from gateway.admin.agreements.form import part_at
from gateway.admin.agreements.named_clients import mistakes, named_clients
from gateway.admin.agreements.reading import KnownAgreements
from gateway.admin.look_alikes import looks_like
from gateway.admin.organisations import Organisations
from gateway.audit.agreement_texts import recorded
from gateway.every_agreement import read_every
from gateway.reasoning.examples import failures
from policies.agreement import SETS, clashing, read_written
from policies.reasoning import analysis
from standards.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gateway.admin.administration import Administration
    from gateway.people.actor import Actor
    from policies.agreement import Agreement
    from policies.documents.written import WrittenDocument

NOT_FREE: Final = "this id is not free: choose another one"


@dataclass(frozen=True, slots=True)
class Mistake:
    """A mistake in a document: where it is, and in which *part* of the form it is mended."""

    line: int
    column: int
    text: str
    part: str = ""


@dataclass(frozen=True, slots=True)
class Checked:
    """What a check found: the agreement, where it has no mistakes."""

    found: Agreement | None
    mistakes: tuple[Mistake, ...] = ()
    warnings: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether there is no mistake."""
        return not self.mistakes


class Checking:
    """The checks that every document of the region passes, for one that somebody writes."""

    def __init__(self, region: Administration) -> None:
        self._region, self._known = region, KnownAgreements(region)

    def check(self, actor: Actor, document: WrittenDocument) -> Checked:
        """Check a *document*, alone and among the others; nothing of others is told that the *actor* may not know."""
        found, problems = read_written(document, self._region.settings().agreements / SETS)
        if found is None:
            return Checked(None, tuple(self._mistake(document, one) for one in problems))
        wrong = [self._mistake(document, one) for one in self._among_others(actor, found)]
        wrong += [self._mistake(document, one, text) for one, text in self._hidden(actor, found)]
        clients = named_clients(self._region, actor, found.district, found.org, found.clients)
        wrong += [self._mistake(document, one) for one in mistakes(found, clients)]
        warnings = (*self._warnings(found), *(one.words(found.org) for one in clients if one.theirs))
        return Checked(found, tuple(sorted(wrong, key=lambda one: one.line)), warnings)

    def _among_others(self, actor: Actor, found: Agreement) -> Iterator[SettingsError]:
        """Yield the mistakes of a correct document that others may be told of."""
        settings = self._region.settings()
        if found.district not in settings.districts:
            yield SettingsError("there is no such district", found.file, 1, 1)
        known = Organisations(self._region).known()
        if found.org not in known and (alike := looks_like(found.org, known)):
            told = f"the recipient {found.org} may be taken for {alike}: name that one"
            yield SettingsError(told, found.file, 1, 1)
        yield from (mistake for mistake, _ in failures((found,)))
        texts = recorded(settings)
        yield from (mistake for mistake, _ in texts.differing((found,)))
        for mistake, other in self._clashes(found):
            if self._may_know(actor, other):
                yield mistake

    def _hidden(self, actor: Actor, found: Agreement) -> Iterator[tuple[SettingsError, str]]:
        """Yield the mistakes whose own words would tell of others, each with the words for it."""
        for mistake, other in self._clashes(found):
            if not self._may_know(actor, other):
                yield mistake, NOT_FREE
        yield from ((mistake, NOT_FREE) for mistake, _ in recorded(self._region.settings()).rebound((found,)))

    def _clashes(self, found: Agreement) -> Iterator[tuple[SettingsError, Agreement]]:
        every, _ = read_every(self._region.settings(), self._region.store)
        others = [one for one in every if one.file != found.file]
        for mistake, *two in clashing((*others, found)):
            if found in two:
                yield mistake, next((one for one in two if one is not found), found)

    def conflict_without(self, gone: WrittenDocument) -> bool:
        """Tell whether an earlier version would conflict with another agreement if a published document were gone."""
        every, _ = read_every(self._region.settings(), self._region.store)
        left = [one for one in every if one.file != gone.name]
        return any(gone.id in {one.id, other.id} for _, one, other in clashing(left))

    def _may_know(self, actor: Actor, other: Agreement) -> bool:
        parties = self._known.parties(other.district, other.org, other.kind)
        return actor.allows("agreement.read", other.district, parties)

    def _warnings(self, found: Agreement) -> Iterator[str]:
        yield from (*found.warnings, *analysis.warnings(found))

    def _mistake(self, document: WrittenDocument, error: SettingsError, text: str = "") -> Mistake:
        line, column = (error.line or 1, error.column or 1) if error.file == document.name else (1, 1)
        place = f"{error.file}:{error.line}:{error.column}: " if error.line else f"{error.file}: "
        return Mistake(line, column, text or error.message.removeprefix(place), part_at(document.text, line))
