"""The student whose record is asked for: read from a file or asked for, never an argument that others could see."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any, Final

import click

if TYPE_CHECKING:
    from pathlib import Path

MAX_FILE_BYTES: Final = 10_000
MAX_CHARACTERS: Final = 200
PARTS: Final = {
    "stateId": "The student's id of the state",
    "family": "The student's family name",
    "given": "The student's given name",
    "middle": "The student's middle name",
    "birthDate": "The student's date of birth (2015-01-31)",
    "lastSchool": "The school that the student comes from",
}
"""What is asked for, in this order; an empty answer says nothing."""

FILE_PARTS: Final = (*PARTS, "suffix")


def stated_student(source: Path | None) -> dict[str, str]:
    """Read the student from the JSON file *source*, or ask for each part.

    Raises:
        click.BadParameter: the file has something else in it; no value is repeated.
    """
    if source is not None:
        return _from_file(source)
    given = {part: click.prompt(text, default="", show_default=False, err=True).strip() for part, text in PARTS.items()}
    if not sys.stdin.isatty():
        click.echo(err=True)  # what follows begins on a line of its own
    return {part: value for part, value in given.items() if value}


def _from_file(source: Path) -> dict[str, str]:
    try:
        with source.open("rb") as opened:
            found: Any = json.loads(opened.read(MAX_FILE_BYTES).decode("utf-8"))
    except (OSError, ValueError, RecursionError):
        raise click.BadParameter("the file is none that can be read as JSON", param_hint="'--from'") from None
    if not isinstance(found, dict) or not found.keys() <= set(FILE_PARTS):
        raise click.BadParameter(f"the file has an object of {', '.join(FILE_PARTS)}", param_hint="'--from'")
    if not all(isinstance(value, str) and len(value) <= MAX_CHARACTERS for value in found.values()):
        raise click.BadParameter(f"each part is a text of at most {MAX_CHARACTERS} characters", param_hint="'--from'")
    return {part: value for part, value in found.items() if value}
