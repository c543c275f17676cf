"""The manifest of a package: which sections it holds, the hash and count of each file, and totals to be read back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from gateway.transfers.package.codes import codes_of
from gateway.transfers.package.files import edfi_path
from gateway.transfers.package.notes import PATH as NOTES
from gateway.transfers.package.sections import DOCUMENTS, RESTRICTIONS, by_dependency
from gateway.transfers.package.totals import check_of
from gateway.transfers.package.transcript import PATH as TRANSCRIPT

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from gateway.transfers.package.contents.record import RecordContents
    from gateway.transfers.package.files import PackageFile
    from gateway.transfers.package.header import PackageHeader
    from gateway.transfers.package.plan import PackagePlan
    from gateway.transfers.package.sections import SectionRule

WHOLE, NONE, WITHHELD, NOT_IN_SOURCE, UNCHANGED = STATES = "whole", "none", "withheld", "not-in-source", "unchanged"
"""What a package says of a section: it is here, there is nothing, it stays behind, the source keeps no such records, or
it is as the versions before have it.

What is withheld counts as nothing wherever the receiver may not know otherwise.
"""

CHECKED: Final = "transcript"
VALIDATED: Final = "validated"
SHARES: Final = "shares"
"""The key of files that a section holds and an earlier one lists."""


def manifest_of(
    header: PackageHeader,
    plan: PackagePlan,
    contents: RecordContents,
    files: Mapping[str, PackageFile],
    facts: Mapping[str, Sequence[Any]],
) -> dict[str, Any]:
    """Write the manifest of the *files* of a package, by path; *facts* are the documents in them.

    A file that several sections hold is in each of them here (see `listed_once`).
    """
    return header.entry(plan.track) | {
        "sections": [_section(plan, rule, contents, files) for rule in plan.rules],
        "codes": codes_of(one for some in facts.values() for one in some),
        "files": [one.entry() for path, one in files.items() if path.startswith("oneroster/")],
    }


def listed(manifest: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Yield what a manifest says of each file: those of the sections, then those of the package as a whole."""
    for section in manifest["sections"]:
        yield from section["files"]
    yield from manifest["files"]


def listed_once(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """List each file once: sections after the first that hold it say that they share it."""
    seen: set[str] = set()
    sections = []
    for section in manifest["sections"]:
        own = [one for one in section["files"] if one["path"] not in seen]
        shared = [one["path"] for one in section["files"] if one["path"] in seen]
        sections.append({**section, "files": own} | ({SHARES: shared} if shared else {}))
        seen.update(one["path"] for one in own)
    return {**manifest, "sections": sections}


def _section(
    plan: PackagePlan, rule: SectionRule, contents: RecordContents, files: Mapping[str, PackageFile]
) -> dict[str, Any]:
    held = list(_files(plan, rule, files)) if rule.name in plan.included else []
    found: dict[str, Any] = {"name": rule.name, "state": _state(plan, rule, contents, files), "files": held}
    lacking = sorted(contents.lacking.intersection(rule.own))
    if lacking:
        found["notInSource"] = lacking
    if rule.name == CHECKED and held:
        check = check_of({path: one.content for path, one in files.items()})
        found |= {"check": check} if check else {}
    return found


def _state(plan: PackagePlan, rule: SectionRule, contents: RecordContents, files: Mapping[str, PackageFile]) -> str:
    if rule.own and contents.lacking.issuperset(rule.own):
        return NOT_IN_SOURCE
    if rule.name not in plan.included:
        return WITHHELD if rule.name in plan.told else NONE
    own = [edfi_path(one) for one in rule.own]
    held = any(path in files for path in own) or (not rule.own and any(_files(plan, rule, files)))
    return WHOLE if held else NONE


def _files(plan: PackagePlan, rule: SectionRule, files: Mapping[str, PackageFile]) -> Iterator[dict[str, Any]]:
    """Yield the entry of each file of a section."""
    for resource in by_dependency(rule.resources(plan.track)):
        if one := files.get(edfi_path(resource)):
            yield one.entry()
    if rule.name == CHECKED and TRANSCRIPT in files:
        yield files[TRANSCRIPT].entry() | {VALIDATED: False}
    for path, one in files.items():
        if (rule.name == RESTRICTIONS and path == NOTES) or (rule.name == DOCUMENTS and path.startswith("documents/")):
            yield one.entry()
