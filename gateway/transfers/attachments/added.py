"""Additions to a package: what people attached to a record, as the package takes it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.transfers.machine.words import RecordSection
from gateway.transfers.package.assembly import Additions

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gateway.storage.transfers.attachments import OpenedAttachment


def added_to(attached: Iterable[OpenedAttachment]) -> Additions:
    """Return what was *attached* to a record as the additions to its package."""
    every = tuple(attached)
    documents = tuple(one.content for one in every if one.about.section == RecordSection.DOCUMENTS)
    messages = [one.content.decode() for one in every if one.about.section == RecordSection.RESTRICTIONS]
    return Additions(documents, message="".join(messages))
