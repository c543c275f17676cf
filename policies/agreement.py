"""Agreements: one document, one version, checked whole before it takes effect."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import lru_cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from policies import canonical, checks, combining
from policies.documents import loading, schema, terms
from policies.documents.binding import Bound
from policies.grant import Limits
from policies.reasoning import examples
from policies.transfers.terms import TransferTerms, is_transfer, transfer_terms
from standards.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from policies.canonical import Expansion
    from policies.combining import Disagreement
    from policies.documents.loading import Document, Where
    from policies.documents.written import WrittenDocument
    from policies.elements import Line
    from policies.population import Population
    from policies.reasoning.examples import Example

SUFFIXES = frozenset({".yaml", ".yml"})
SETS, DRAFTS = "sets", "drafts"
"""The folders beside agreements: sets of elements, and documents that are not served."""

PARTS = ("validity", "operations", "population", "elements", "clients")
"""The parts of a document whose places are told to who asks why something is refused."""

CARRIED = (
    "redisclosure", "retention", "obligations", "directory", "limits", "approvals", "offer", "adopts", "transfer",
)  # fmt: skip
"""The parts of a document that are kept as its terms, as they are written."""

NO_FILE = "this has the name of a document and is no file that can be read"


@dataclass(frozen=True, slots=True)
class Agreement:
    """An agreement about who may see what about whom, for one purpose and one period.

    *terms* holds what is agreed beyond what the gateway enforces: redisclosure, retention, obligations, approvals and
    the like. *warnings* are lines a privacy officer should look at again. *text* is its canonical form, and *expansion*
    the elements its lines covered at its first use: no more than that is released. *tests* are its examples, which
    decide nothing.
    """

    id: str
    version: int
    district: str
    org: str
    kind: str
    ferpa: str
    purpose: str
    interest: str
    begin: date
    end: date
    timezone: ZoneInfo
    clients: tuple[str, ...]
    operations: frozenset[str]
    population: Population
    lines: tuple[Line, ...]
    terms: Mapping[str, Any]
    file: str
    warnings: tuple[str, ...] = ()
    text: str = ""
    expansion: Expansion | None = None
    tests: tuple[Example, ...] = ()
    places: Mapping[str, str] = field(default_factory=dict, compare=False)

    def place(self, name: str) -> str:
        """Return where the *name* of its district, of one of its clients or of one of its parts is written."""
        return self.places.get(name, self.file)

    @property
    def digest(self) -> str:
        """The hash of its canonical form."""
        return canonical.digest(self.text)

    @property
    def directory(self) -> bool:
        """Whether it rests on directory information, so that those who opted out are left out."""
        return terms.rests_on(self.ferpa, terms.DIRECTORY)

    @property
    def limits(self) -> Limits:
        """What is limited however it is asked for."""
        found = self.terms.get("limits", {})
        return Limits(found.get("smallCell", 0), found.get("maxRowsPerDay", 0), self.timezone.key)

    @property
    def transfer(self) -> TransferTerms | None:
        """Its terms of a transfer; None where it opens APIs of data instead."""
        return transfer_terms(self.terms)

    def active(self, day: date) -> bool:
        """Tell whether the agreement is valid on *day*, the last day included."""
        return self.begin <= day <= self.end

    def today(self, now: datetime) -> date:
        """Return the current date in the agreement's time zone."""
        return now.astimezone(self.timezone).date()


def load(path: Path) -> Agreement:
    """Load the agreement in *path*; the first mistake is raised."""
    found, problems = read(path)
    if found is None:
        raise problems[0]
    return found


def read(path: Path, sets: Path | None = None) -> tuple[Agreement | None, list[SettingsError]]:
    """Read the agreement in *path*, or every mistake in it in the order of the file.

    The *sets* of elements lie in a folder of their own, beside the document where nothing else is said.
    """
    bundles = sets or path.parent / SETS
    try:
        return _read(loading.content(path, str(path)), str(path), bundles)
    except SettingsError as error:
        return None, [error]


def _read(raw: bytes, file: str, sets: Path) -> tuple[Agreement | None, list[SettingsError]]:
    """Read an agreement from its bytes; one that was right is not checked again while its *sets* are the same."""
    found = _right(raw, file, sets, checks.bundles(sets))
    return (found, []) if found else check(loading.parse(raw, file), sets)


@lru_cache(maxsize=256)
def _right(raw: bytes, file: str, sets: Path, bundles: checks.Bundles) -> Agreement | None:
    found = check(loading.parse(raw, file), sets)[0]
    return found if checks.bundles(sets) == bundles else None


def check(document: Document, sets: Path) -> tuple[Agreement | None, list[SettingsError]]:
    """Check a parsed *document*, whose bundles lie in the folder *sets*: the agreement, or every mistake in it."""
    problems = list(schema.problems(document))
    if not problems:
        lines, problems = checks.lines(document, sets)
        problems += checks.problems(document)
        problems += [] if problems else terms.beyond_notice(document, lines)
        problems += examples.problems(document)
        if not problems:
            return _agreement(document, lines), []
    return None, sorted(problems, key=lambda error: (error.file != document.file, error.line, error.column))


def load_folder(path: Path, written: Iterable[WrittenDocument] = ()) -> tuple[Agreement, ...]:
    """Load every agreement in a folder and all *written* ones, all versions; the first mistake is raised."""
    found, problems = read_folder(path, written)
    if problems:
        raise problems[0]
    return found


def read_folder(
    path: Path, written: Iterable[WrittenDocument] = ()
) -> tuple[tuple[Agreement, ...], list[SettingsError]]:
    """Read every correct agreement in a folder and of the *written* ones, and every mistake in or between them."""
    found: list[Agreement] = []
    problems: list[SettingsError] = []
    try:
        for _, one, wrong in read_documents(path, written):
            problems += wrong
            if one is not None:
                found.append(one)
    except SettingsError as error:
        return (), [error]
    return tuple(found), problems + list(clashes(found))


def read_documents(
    path: Path, written: Iterable[WrittenDocument] = ()
) -> Iterator[tuple[Path | WrittenDocument, Agreement | None, list[SettingsError]]]:
    """Yield each document of a folder and each *written* one with its agreement, or with every mistake in it.

    Raises:
        SettingsError: there is no such folder, or it cannot be read.
    """
    yield from read_files(path)
    for document in written:
        yield document, *read_written(document, path / SETS)


def read_written(document: WrittenDocument, sets: Path) -> tuple[Agreement | None, list[SettingsError]]:
    """Read a written agreement, whose bundles lie in the folder *sets*, or every mistake in it."""
    try:
        found, problems = _read(document.bytes(), document.name, sets)
    except SettingsError as error:
        return None, [error]
    misfit = found and document.misfit((found.id, found.version, found.district, found.org))
    return (None, [misfit]) if misfit else (found, problems)


def read_drafts(path: Path) -> tuple[tuple[Agreement, ...], list[SettingsError]]:
    """Read the correct drafts of a folder of agreements, and every mistake in the others; nobody is served by them."""
    if not (path / DRAFTS).is_dir():
        return (), []
    found = tuple(read_files(path / DRAFTS, path / SETS))
    return tuple(one for _, one, _ in found if one), [error for _, _, wrong in found for error in wrong]


def read_files(path: Path, sets: Path | None = None) -> Iterator[tuple[Path, Agreement | None, list[SettingsError]]]:
    """Yield each document of a folder with its agreement, or with every mistake in it; subfolders are not read.

    A name that begins with a dot, as editors and systems use for files of their own, is no document.

    Raises:
        SettingsError: there is no such folder, or it cannot be read.
    """
    if not path.is_dir():
        raise SettingsError("this is not a folder", str(path))
    try:
        files = sorted(path.iterdir())
    except OSError:
        raise SettingsError("the folder cannot be read", str(path)) from None
    for file in files:
        if file.suffix.lower() in SUFFIXES and not file.name.startswith("."):
            one, problems = read(file, sets) if _is_file(file) else (None, [SettingsError(NO_FILE, str(file))])
            yield file, one, problems


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:
        return False


def clashes(agreements: Iterable[Agreement]) -> Iterator[SettingsError]:
    """Yield the conflicts between agreements: a version given twice, two that cannot be combined."""
    return (mistake for mistake, _, _ in clashing(agreements))


def clashing(agreements: Iterable[Agreement]) -> Iterator[tuple[SettingsError, Agreement, Agreement]]:
    """Yield each two agreements that conflict, and why."""
    every = tuple(agreements)
    yield from repeated(every)
    yield from reused(every)
    yield from rivalling(every)
    yield from doubled(every)


def repeated(agreements: Iterable[Agreement]) -> Iterator[tuple[SettingsError, Agreement, Agreement]]:
    """Yield each two documents of one version."""
    known: dict[tuple[str, int], Agreement] = {}
    for one in agreements:
        other = known.setdefault((one.id, one.version), one)
        if other is not one:
            message = f"version {one.version} of {one.id} is also in {other.file}"
            yield SettingsError(message, one.file, 1, 1), one, other


def reused(agreements: Iterable[Agreement]) -> Iterator[tuple[SettingsError, Agreement, Agreement]]:
    """Yield each two versions of one id that are about something else, though consents and records name the id."""
    known: dict[str, list[Agreement]] = {}
    for one in agreements:
        others = known.setdefault(one.id, [])
        for other in others:
            if message := bound(one).broken_by(bound(other)):
                yield SettingsError(f"{message}; see {other.file}", one.file, 1, 1), one, other
                break
        others.append(one)


def bound(one: Agreement) -> Bound:
    """Return what an agreement binds its id to."""
    return Bound(one.id, (one.district, one.org), one.purpose, one.population.form)


def rivalling(agreements: Iterable[Agreement]) -> Iterator[tuple[SettingsError, Agreement, Agreement]]:
    """Yield each two agreements for one client, district and purpose that cannot be combined."""
    known: dict[tuple[str, int], Agreement] = {}
    for one in agreements:
        known.setdefault((one.id, one.version), one)
    told: set[frozenset[tuple[str, int]]] = set()
    for day, several in combined(known.values()):
        for found in combining.conflicts(several):
            one, other = found.one, found.other
            pair = frozenset({(one.id, one.version), (other.id, other.version)})
            if pair not in told:
                told.add(pair)
                yield _conflict(found, day), one, other


def doubled(agreements: Iterable[Agreement]) -> Iterator[tuple[SettingsError, Agreement, Agreement]]:
    """Yield each two agreements about transfers of one district to one other that are in force on a day together."""
    about = [one for one in agreements if is_transfer(one.operations)]
    told: set[frozenset[tuple[str, int]]] = set()
    for day in sorted({one.begin for one in about}):
        known: dict[tuple[str, str], Agreement] = {}
        for one in sorted(current(about, day), key=lambda one: (one.id, one.version)):
            other = known.setdefault((one.district, one.org), one)
            pair = frozenset({(one.id, one.version), (other.id, other.version)})
            if other is not one and pair not in told:
                told.add(pair)
                message = f"{other.id} is about transfers of {one.district} to {one.org} too, on {day}: {other.file}"
                yield SettingsError(message, one.file, 1, 1), one, other


def _conflict(found: Disagreement[Agreement], day: date) -> SettingsError:
    """Make the mistake of two agreements that cannot be combined, at the line of the second about the element."""
    one, other = found.one, found.other
    line = next((line for line in other.lines if line.covers(found.element)), None)
    message = (
        f"{found.message} ({one.id} and {other.id} both give {_shared(one, other)} data of {other.district} for "
        f"{other.purpose} on {day}, and are combined)"
    )
    return SettingsError(message, *((line.file, line.line, line.column) if line else (other.file, 1, 1)))


def _shared(one: Agreement, other: Agreement) -> str:
    return next(client for client in one.clients if client in other.clients)


def combined(agreements: Iterable[Agreement]) -> Iterator[tuple[date, tuple[Agreement, ...]]]:
    """Yield the agreements of one client, district and purpose that are in force together, and since which day."""
    every, told = tuple(agreements), set[frozenset[tuple[str, int]]]()
    for day in sorted({day for one in every for day in (one.begin, one.end + timedelta(days=1))}):
        for several in together(current(every, day)):
            names = frozenset((one.id, one.version) for one in several)
            if len(several) > 1 and names not in told:
                told.add(names)
                yield day, several


def together(agreements: Iterable[Agreement]) -> Iterator[tuple[Agreement, ...]]:
    """Yield the *agreements* of each client, district, recipient and purpose, which release together; no transfers."""
    found: dict[tuple[str, str, str, str], list[Agreement]] = {}
    for one in agreements:
        for client in () if is_transfer(one.operations) else one.clients:
            found.setdefault((client, one.district, one.org, one.purpose), []).append(one)
    return (tuple(sorted(several, key=lambda one: one.id)) for several in found.values())


def current(agreements: Iterable[Agreement], day: date) -> tuple[Agreement, ...]:
    """Return the agreements in force on *day*: of each, the highest version that has begun, unless it has ended.

    A version that has been replaced does not come back when its successor ends.
    """
    begun: dict[str, Agreement] = {}
    for one in agreements:
        if one.begin <= day and (one.id not in begun or begun[one.id].version < one.version):
            begun[one.id] = one
    return tuple(one for one in begun.values() if one.active(day))


def _agreement(document: Document, lines: tuple[Line, ...]) -> Agreement:
    content = document.content
    parties, basis, validity = content["parties"], content["basis"], content["validity"]
    kept = {name: content[name] for name in CARRIED if name in content}
    kept |= {name: basis[name] for name in ("state",) if name in basis}
    kept |= {name: parties[name] for name in ("subprocessors",) if name in parties}
    people = checks.population(content)
    return Agreement(
        id=content["id"],
        version=content["version"],
        district=parties["provider"]["district"],
        org=parties["recipient"]["org"],
        kind=parties["recipient"]["kind"],
        ferpa=basis["ferpa"],
        purpose=basis["purpose"],
        interest=" ".join(basis["legitimateInterest"].split()),
        begin=date.fromisoformat(validity["from"]),
        end=date.fromisoformat(validity["to"]),
        timezone=ZoneInfo(validity["timezone"]),
        clients=tuple(content["clients"]),
        operations=frozenset(content["operations"]),
        population=people,
        lines=lines,
        terms=MappingProxyType(kept),
        file=document.file,
        warnings=tuple(checks.warnings(document, lines, people)),
        text=canonical.text(content, lines),
        tests=examples.examples(document),
        places=_places(document),
    )


def _places(document: Document) -> Mapping[str, str]:
    """Return the places of the names that only a settings file and the registry can tell to be right."""
    wheres: dict[str, Where] = {name: (name,) for name in PARTS if name in document.content}
    wheres |= {name: ("clients", number) for number, name in enumerate(document.content["clients"])}
    wheres |= {document.content["parties"]["provider"]["district"]: ("parties", "provider", "district")}
    return MappingProxyType({name: document.place(where) for name, where in wheres.items()})
