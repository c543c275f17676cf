"""Rows of bulk files made of the API's records: each file's rows, as members still to be written into cells."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cache
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

from standards.errors import MappingError
from standards.oneroster.csv import specification
from standards.oneroster.csv.cells import GUID
from standards.oneroster.csv.roster_lenses import PROFILE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from standards.oneroster.csv.specification import File

    Record = Mapping[str, Any]
    Derive = Callable[[Record], Iterator[Record]]

INSTEAD = {("lineItems.csv", "academicSessionSourcedId"): "gradingPeriod", ("users.csv", "username"): specification.ID}
# A member that a file wants and its records lack: that of the record of another collection, which a member names.
BORROWED = {"scoreScales.csv": ("org", "class", "classes", "school")}
NEVER = frozenset({"password"})
ID_BYTES = 16


@dataclass(frozen=True, slots=True)
class ExportedFile:
    """A *file* of rows: the records of a *collection*, or, with *member*, what each has in that member.

    *derive* makes the rows of one record where a file has rows of its own about parts of it; *other* is the collection
    that such rows tie the record to, without which they hold nothing.
    """

    file: File
    collection: str
    member: str = ""
    derive: Derive | None = None
    other: str = ""

    def rows(self, record: Record) -> Iterator[Record]:
        """Yield the rows of one *record*, each as a mapping from column to value; metadata stay where they are."""
        if self.derive is None:
            yield _paired({name: _value(record, self.file.name, name) for name in self.file.columns})
            return
        head = {name: record[name] for name in (specification.STATUS, "dateLastModified")}
        for row in self.derive(record):
            yield head | dict(row)


@cache
def told(version: str) -> tuple[ExportedFile, ...]:
    """Return every file of *version*, each after those it refers to."""
    return tuple(_told(file) for file in specification.files(version).values())


def derived_id(*parts: str) -> str:
    """Make a sourcedId for a row whose record has none: always the same for the same *parts*."""
    return blake2b("\0".join(parts).encode("utf-8", "surrogatepass"), digest_size=ID_BYTES).hexdigest()


def _told(file: File) -> ExportedFile:
    if file.name in DERIVED:
        return ExportedFile(file, *DERIVED[file.name])
    return ExportedFile(file, file.name.removesuffix(".csv"))


def _value(record: Record, file: str, column: str) -> Any:
    if column in NEVER:
        return None
    found = record.get(specification.member_of(column))
    return record.get(INSTEAD[file, column]) if found is None and (file, column) in INSTEAD else found


def _paired(row: dict[str, Any]) -> dict[str, Any]:
    """Return a row whose lists of subjects and of their codes, where it has both, are equally long."""
    both = [row.get(name) or () for name in ("subjects", "subjectCodes")]
    longest = max(map(len, both))
    if min(map(len, both)) in {0, longest}:
        return row
    return row | {name: [*found, *[""] * (longest - len(found))]
                  for name, found in zip(("subjects", "subjectCodes"), both, strict=True)}  # fmt: skip


def _roles(record: Record) -> Iterator[Record]:
    """Yield one row for each role of a user; its id is made of what distinguishes roles, so that it stays."""
    user: str = record[specification.ID]
    times: Counter[tuple[str, ...]] = Counter()
    for role in record.get("roles", ()):
        names = tuple(str(role.get(name, "")) for name in ("role", "beginDate"))
        what = (role.get("org", {}).get(specification.ID, ""), *names)
        times[what] += 1
        yield {
            specification.ID: derived_id("roles", user, *what, str(times[what])),
            "userSourcedId": user,
            "orgSourcedId": role.get("org"),
            "userProfileSourcedId": _profile_id(role.get("userProfile")),
        } | {name: role.get(name) for name in ("roleType", "role", "beginDate", "endDate")}


def _profiles(record: Record) -> Iterator[Record]:
    """Yield one row for each profile of a user, never with a password."""
    for number, profile in enumerate(record.get("userProfiles", ()), 1):
        held: Sequence[Record] = profile.get("credentials") or ({},)
        if len(held) > 1:
            raise MappingError("userProfiles.csv: a profile has several credentials, and the file has room for one.")
        names = ("profileType", "vendorId", "applicationId", "description")
        yield {
            specification.ID: _profile_id(profile.get("profileId"))
            or derived_id("userProfiles", record[specification.ID], str(number)),
            "userSourcedId": record[specification.ID],
            "credentialType": held[0].get("type"),
            "username": held[0].get("username"),
        } | {name: profile.get(name) for name in names}


def _profile_id(address: str | None) -> str | None:
    """Return the id in a profile's address, where the address was made of one, otherwise a derived one."""
    if address is None:
        return None
    own = address.removeprefix(PROFILE)
    return own if own != address and GUID.fullmatch(own) else derived_id("userProfiles", address)


def _resources(owner: str) -> Derive:
    """Make the rows for each resource of a record; *owner* decides the name of the file and of its column."""

    def rows(record: Record) -> Iterator[Record]:
        for resource in record.get("resources", ()):
            yield {
                specification.ID: derived_id(
                    f"{owner}Resources", record[specification.ID], str(resource.get(specification.ID, ""))
                ),
                f"{owner}SourcedId": record[specification.ID],
                "resourceSourcedId": resource,
            }

    return rows


def _scale(owner: str) -> Derive:
    """Make the row that ties a line item or a result to its score scale."""

    def rows(record: Record) -> Iterator[Record]:
        scale = record.get("scoreScale")
        if scale is not None:
            yield {
                specification.ID: derived_id(
                    f"{owner}ScoreScales", record[specification.ID], str(scale.get(specification.ID, ""))
                ),
                f"{owner}SourcedId": record[specification.ID],
                "scoreScaleSourcedId": scale,
            }

    return rows


def _objectives(owner: str, inside: str) -> Derive:
    """Make one row for each learning objective of a line item, or for each objective score of a result."""

    def rows(record: Record) -> Iterator[Record]:
        for among in record.get("learningObjectiveSet", ()):
            for one in among.get(inside, ()):
                objective = one if isinstance(one, dict) else {"learningObjectiveId": one}
                what = (str(among.get("source", "")), str(objective.get("learningObjectiveId", "")))
                yield {
                    specification.ID: derived_id(f"{owner}LearningObjectiveIds", record[specification.ID], *what),
                    f"{owner}SourcedId": record[specification.ID],
                    "source": among.get("source"),
                } | {name: objective.get(name) for name in ("learningObjectiveId", "score", "textScore")}

    return rows


DERIVED: Mapping[str, tuple[str, str, Derive, str]] = {
    "classResources.csv": ("classes", "resources", _resources("class"), "resources"),
    "courseResources.csv": ("courses", "resources", _resources("course"), "resources"),
    "lineItemLearningObjectiveIds.csv": (
        "lineItems",
        "learningObjectiveSet",
        _objectives("lineItem", "learningObjectiveIds"),
        "",
    ),
    "lineItemScoreScales.csv": ("lineItems", "scoreScale", _scale("lineItem"), "scoreScales"),
    "resultLearningObjectiveIds.csv": (
        "results",
        "learningObjectiveSet",
        _objectives("result", "learningObjectiveResults"),
        "",
    ),
    "resultScoreScales.csv": ("results", "scoreScale", _scale("result"), "scoreScales"),
    "roles.csv": ("users", "roles", _roles, ""),
    "userProfiles.csv": ("users", "userProfiles", _profiles, ""),
    "userResources.csv": ("users", "resources", _resources("user"), "resources"),
}
