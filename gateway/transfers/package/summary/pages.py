"""The pages of a summary: HTML and PDF, in English and in the language of the student's home."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gateway.documents.blocks import PrintedDocument
from gateway.documents.formats import html, pdf
from gateway.one_line import one_line
from gateway.transfers.package.files import PackageFile
from gateway.transfers.package.summary.blocks import blocks_of
from gateway.transfers.package.summary.words import SummaryWording, languages_of
from gateway.translations.catalogues import SOURCE_LANGUAGE
from standards.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from gateway.transfers.package.header import PackageHeader

    Facts = Mapping[str, Sequence[Mapping[str, Any]]]


def summary_files(
    header: PackageHeader, manifest: Mapping[str, Any], facts: Facts, names: Sequence[Mapping[str, Any]]
) -> Iterator[PackageFile]:
    """Yield the summary of the *facts* in a package, in each format and language.

    *names* are the student's own document, whose name stands above all pages. A name in letters that the fonts of the
    PDF lack leaves that format out; the page in HTML has it.
    """
    for language in languages_of(facts):
        words = SummaryWording(language)
        document = summary(header, manifest, facts, words, names)
        stem = "summary" if language == SOURCE_LANGUAGE else f"summary.{language}"
        yield PackageFile(f"{stem}.html", html.render(document))
        if (printed := _printed(document)) is not None:
            yield PackageFile(f"{stem}.pdf", printed)


def summary(
    header: PackageHeader,
    manifest: Mapping[str, Any],
    facts: Facts,
    words: SummaryWording,
    students: Sequence[Mapping[str, Any]],
) -> PrintedDocument:
    """Write the summary of a package as a document in one language."""
    student: Mapping[str, Any] = next(iter(students), {})
    names = (student.get(name) for name in ("firstName", "middleName", "lastSurname"))
    subtitle = one_line(" ".join(str(name) for name in names if name)) or words.say("Student")
    note = words.say(
        "Transfer %(transfer)s, version %(version)s, made %(made)s. This page says what the files beside it say; they"
        " count.", transfer=header.transfer, version=header.version, made=words.day(header.made),
    )  # fmt: skip
    blocks = tuple(blocks_of(header, manifest, facts, words))
    return PrintedDocument(words.language, words.say("Student record"), subtitle, blocks, (note,))


def _printed(document: PrintedDocument) -> bytes | None:
    try:
        return pdf.render(document)
    except SettingsError:
        return None
