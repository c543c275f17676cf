"""Cuts: what of the released documents of each section goes along under a plan, member by member."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from gateway.transfers.package.sections import FULL, thin
from standards.edfi.model.model import by_collection, scalars

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from gateway.transfers.package.contents.record import Document
    from gateway.transfers.package.plan import PackagePlan
    from gateway.transfers.package.sections import SectionRule


def cut(plan: PackagePlan, rule: SectionRule, resource: str, documents: Iterable[Document]) -> tuple[Document, ...]:
    """Return what goes along of the *documents* of a *resource* in a section."""
    if rule.name not in plan.included or resource not in rule.resources(plan.track):
        return ()
    kept = [one for one in documents if not _has_any(one, rule.but.get(resource, ()))]
    if plan.track != FULL and resource in rule.info_only:
        kept = [one for one in kept if _told_first(rule, resource, one)]
    members = _members(plan, rule, resource)
    lost = _lost(plan, rule, resource)
    return tuple(
        {name: value for name, value in one.items() if (members is None or name in members) and name not in lost}
        for one in kept
    )


@cache
def required(resource: str) -> frozenset[str]:
    """Return the members without which a document of a *resource* is none."""
    known = by_collection(resource)
    return frozenset(name for name, one in known.properties.items() if one.required) if known else frozenset()


def _members(plan: PackagePlan, rule: SectionRule, resource: str) -> frozenset[str] | None:
    """Return the members that go along of a resource; None where all do."""
    if resource in rule.referred:
        chosen = thin()[resource]
        informed = rule.info.get(resource) if plan.track != FULL else None
        return required(resource) | (chosen if informed is None else chosen & informed)
    if plan.track != FULL and rule.info:
        return required(resource) | rule.info[resource]
    listed = rule.members.get(resource)
    return None if listed is None else required(resource) | listed | _beside(plan, rule, resource)


def _lost(plan: PackagePlan, rule: SectionRule, resource: str) -> frozenset[str]:
    return rule.without.get(resource, frozenset()) - _beside(plan, rule, resource)


def _beside(plan: PackagePlan, rule: SectionRule, resource: str) -> frozenset[str]:
    """Return the members that go along since the sections that they belong to do, whole."""
    nothing: frozenset[str] = frozenset()
    return nothing.union(
        *(some.get(resource, nothing) for section, some in rule.beside.items() if section in plan.whole)
    )


def _told_first(rule: SectionRule, resource: str, document: Mapping[str, Any]) -> bool:
    """Tell whether the first track holds a document: by a value of it, or by a member that it has."""
    named = rule.info_or.get(resource, frozenset())
    return _has_any(document, rule.info_only[resource]) or any(document.get(name) for name in named)


def _has_any(document: Mapping[str, Any], wanted: Iterable[tuple[str, frozenset[str]]]) -> bool:
    """Tell whether a document has one of the values *wanted* at a path, as the standard's descriptors name them."""
    return any(str(value).rpartition("#")[2] in values for path, values in wanted for value in scalars(document, path))
