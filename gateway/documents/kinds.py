"""Kinds of documents, and the formats that each can be written in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.documents.agreement_page import agreement_page
from gateway.documents.consent_form import consent_form
from gateway.documents.formats import html, pdf, text
from gateway.documents.schedule_page import elements_page, schedule_page
from gateway.documents.words import Wording

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from gateway.documents.blocks import PrintedDocument
    from policies.agreement import Agreement

KINDS: Mapping[str, Callable[[Agreement, Wording], PrintedDocument]] = {
    "agreement": agreement_page,
    "schedule": schedule_page,
    "elements": elements_page,
    "consent": consent_form,
}
FORMATS: Mapping[str, Callable[[PrintedDocument], bytes]] = {
    "html": html.render,
    "pdf": pdf.render,
    "text": text.render,
}


def document(agreement: Agreement, kind: str, language: str) -> PrintedDocument:
    """Write a document of one kind about an agreement, in one language."""
    return KINDS[kind](agreement, Wording(language))
