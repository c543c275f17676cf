"""Pages of the documentation that are written from the code: ``python -m gateway.docs_pages elements``."""

from __future__ import annotations

import pkgutil
import sys
from importlib import import_module
from typing import TYPE_CHECKING

from gateway.docs_pages import edfi_from_oneroster, oneroster_sources
from standards import codes, errors, schedule, vocabulary
from standards.edfi.api.envelope import problem
from standards.errors import GatewayError
from standards.oneroster.api.envelope import status_info

if TYPE_CHECKING:
    from collections.abc import Iterator

    from standards.vocabulary import Entity, Field

CLASSES = {
    "identifier": "tells who somebody is",
    "directory": "what a school may print in a directory",
    "contact": "how to reach somebody",
    "demographic": "sex, race, birth and the like",
    "education": "what happens at school",
    "sensitive": "needs a good reason",
    "special": "special education, health, discipline",
    "never": "never leaves, whatever an agreement says",
}
ELEMENTS = """\
# Elements: every fact an agreement can release

Written from the vocabulary by `python -m gateway.docs_pages elements`. An agreement releases a fact by its name here,
and the fact then leaves in every standard that has a place for it; [agreements.md](agreements.md) tells how. A name of
type *group* holds the names below it; *list* marks facts that can occur several times.

What only one standard knows has a name of that standard and can be released only by it: `edfi.<resource>.<member>`
(`edfi.students.citizenshipStatusDescriptor`, and `edfi.<resource>.*` for a resource that is in no table below), and
`oneroster.<class>.metadata.<name>` for the free metadata of OneRoster. `crossing explain CLIENT NAME` tells whether a
name exists.

| class | meaning |
|---|---|
"""
AFTER_CLASSES = """
The schedule is the category of a fact in a schedule of data, as districts know them from the national data privacy
agreement. What only one standard knows has a category too, by its resource (`standards/schedule.yaml`).

| schedule | category | its elements |
|---|---|---|
"""
ERRORS = """\
# Errors

Written from the code by `python -m gateway.docs_pages errors`. Each error has the form of the standard that
was asked: OneRoster in the `imsx_StatusInfo` form with an HTTP status and a minor code, Ed-Fi as problem details
(RFC 9457) whose `type` begins with `urn:ed-fi:api:`. The code is the gateway's own name for the error, in logs and
metrics. No message contains a student's value, and a hidden name is answered exactly like one that does not exist.

| code | HTTP in OneRoster, minor code | HTTP in Ed-Fi, type | meaning |
|---|---|---|---|
"""
AFTER_ERRORS = """
A `429` and a `503` for a source carry `Retry-After`, in seconds. In OneRoster a name that `filter` does not know is
`400 invalid_filter_field`, and one that `sort` or `fields` does not know `400 invalid_selection_field`. `settings`
errors are for operators: they are found by `crossing check` and at the start, and read `file:line:column: message`.

The token endpoint speaks the words of OAuth 2 (RFC 6749) instead: `invalid_client` (401), `invalid_request`,
`invalid_scope`, `unsupported_grant_type` (400), `temporarily_unavailable` (429 with `Retry-After` after too many failed
attempts or with too many living tokens, 503 when tokens cannot be handled).

A signed request of OneRoster 1.1 that is not believed is `unauthenticated` with `WWW-Authenticate: OAuth`. The
description tells what is wrong with the header, the timestamp or the nonce; that a consumer key is unknown, that its
secret has ended and that the signature is wrong are told alike.
"""

TRANSFERS = """
## Errors of transfers

The API of transfers ([transfers-api.md](transfers-api.md)) and that of administration answer with problem details whose
`type` is `urn:crossing-guard:problem:` and the code. These errors they have beside those above.

| code | HTTP | meaning |
|---|---|---|
"""
OF_TRANSFERS = (
    "gateway.admin.transfers", "gateway.admin_api.frame", "gateway.people", "gateway.storage.transfers",
    "gateway.transfers", "gateway.transfers_api",
)  # fmt: skip
"""The packages of which every error is listed there."""


def elements() -> str:
    """Write the page about every name of the vocabulary."""
    known = set(vocabulary.SENSITIVITIES)
    classes = "".join(f"| {name} | {said} |\n" for name, said in CLASSES.items() if name in known)
    return ELEMENTS + classes + "".join(_categories()) + "".join(_entities()) + "".join(_codes())


def _categories() -> Iterator[str]:
    yield AFTER_CLASSES
    for one in schedule.categories().values():
        yield f"| {one.name} | {one.title} | {'; '.join(row.title for row in one.elements.values())} |\n"


def _entities() -> Iterator[str]:
    told: set[str] = set()
    for entity in vocabulary.entities().values():
        fields = [field for field in entity.fields.values() if field.release not in told]
        told.update(field.release for field in fields)
        yield f"\n## {entity.name}\n\n{_about(entity)}\n\n"
        yield "| name | type | class | schedule | meaning |\n|---|---|---|---|---|\n"
        yield from map(_row, fields)


def _about(entity: Entity) -> str:
    names = {field.release.partition(".")[0] for field in entity.fields.values()} - {entity.name}
    other = f" Its facts are released as `{names.pop()}.…`." if len(names) == 1 else ""
    held = " It may be cached." if entity.held else ""
    return f"{entity.about}{other}{held}"


def _row(field: Field) -> str:
    kind = f"one of [{field.codes}](#codes)" if field.codes else field.to or field.type
    classes = f"{field.sensitivity} | {field.schedule}"
    return f"| `{field.release}` | {kind}{', list' if field.many else ''} | {classes} | {field.about} |\n"


def _codes() -> Iterator[str]:
    yield "\n## Codes\n\nThe values that coded facts have, whatever a source calls them.\n\n"
    yield "| set | values |\n|---|---|\n"
    used = {field.codes for entity in vocabulary.entities().values() for field in entity.fields.values()} - {""}
    for name in sorted(used):
        yield f"| {name} | {', '.join(f'`{value}`' for value in codes.table(name).values)} |\n"


def errors_page() -> str:
    """Write the page about every error, as both standards render it."""
    known = {kind.code for kind in _kinds(GatewayError)}
    rows = sorted({_transfer_error(kind) for kind in errors_of_transfers() if kind.code not in known})
    return ERRORS + "".join(map(_error, _kinds(GatewayError))) + AFTER_ERRORS + TRANSFERS + "".join(rows)


def errors_of_transfers() -> Iterator[type[GatewayError]]:
    """Yield every error that the packages of transfers define."""
    for package in map(import_module, OF_TRANSFERS):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            found = import_module(module.name)
            yield from (
                kind for kind in vars(found).values()
                if isinstance(kind, type) and issubclass(kind, GatewayError) and kind.__module__ == found.__name__
            )  # fmt: skip


def _transfer_error(kind: type[GatewayError]) -> str:
    return f"| `{kind.code}` | {kind.status} | {(kind.__doc__ or '').strip().splitlines()[0].replace('*', '')} |\n"


def _kinds(kind: type[GatewayError]) -> Iterator[type[GatewayError]]:
    yield kind
    for one in kind.__subclasses__():
        if one.__module__ == errors.__name__:
            yield from _kinds(one)


def _error(kind: type[GatewayError]) -> str:
    error = kind.__new__(kind)
    GatewayError.__init__(error, "")
    vars(error).update(parameter="fields", name="", places={}, retry_after=1)
    status, body = status_info(error)
    fields = body.get("imsx_CodeMinor", {"imsx_codeMinorField": [{}]})["imsx_codeMinorField"]
    minor = fields[0].get("imsx_codeMinorFieldValue", body["imsx_codeMajor"])
    other, details = problem(error, None)
    suffix = details["type"].removeprefix("urn:ed-fi:api:")
    about = (kind.__doc__ or "").strip().splitlines()[0].replace("*", "")
    return f"| `{kind.code}` | {status} `{minor}` | {other} `{suffix}` | {about} |\n"


PAGES = {
    "elements": elements,
    "errors": errors_page,
    "sources": oneroster_sources.page,
    "across": edfi_from_oneroster.page,
}

if __name__ == "__main__":
    sys.stdout.write(PAGES[sys.argv[1]]())
