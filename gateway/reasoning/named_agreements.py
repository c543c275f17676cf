"""Agreements by name: a file, or a version of the folder or of the texts on record."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from gateway.audit import agreement_texts
from gateway.every_agreement import read_every
from policies import agreement, canonical
from standards.errors import NotFound, SettingsError, suggestion

if TYPE_CHECKING:
    from collections.abc import Collection

    from gateway.audit.agreement_texts import Texts
    from gateway.config.settings import Settings
    from policies.agreement import Agreement


def named(settings: Settings, name: str) -> Agreement:
    """Return the agreement in the file *name*, or the version ``ID@NUMBER`` of the folder or on record.

    Its lines mean what they meant at its first use, where it has been used.

    Raises:
        NotFound: there is neither.
        SettingsError: the file is wrong.
        StoreUnavailable: the texts on record cannot be read.
    """
    texts = agreement_texts.recorded(settings)
    path = Path(name)
    if path.is_file():
        return texts.held_to(agreement.load(path))
    found, _ = read_every(settings)
    known = {f"{one.id}@{one.version}": one for one in found}
    if name in known:
        return texts.held_to(known[name])
    return _recorded(texts, name, known)


def _recorded(texts: Texts, name: str, known: Collection[str]) -> Agreement:
    content = texts.content(name)
    if content is None:
        here = sorted(one for one in known if one.partition("@")[0] == name.partition("@")[0])
        hint = f" (there is {', '.join(here)})" if here else suggestion(name, known)
        message = f"There is no file {name!r}, and no agreement ID@VERSION of that name, here or on record{hint}."
        raise NotFound(message)
    document = canonical.document(content, name)
    found, problems = agreement.check(document, Path())
    if found is None:
        raise SettingsError(f"this text on record is not one that this version of the program reads: {problems[0]}")
    bundled = [
        replace(line, bundle=entry.get("set", ""))
        for line, entry in zip(found.lines, content["elements"], strict=True)
    ]  # fmt: skip
    return texts.held_to(replace(found, lines=tuple(bundled), text=canonical.text(content, bundled)))
