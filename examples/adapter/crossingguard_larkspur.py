"""The nightly export of Larkspur, a student information system that does not exist: one JSON file for a district."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from marshmallow import Schema, fields, validate

from adapters.contract import NO_HINTS, Adapter, Aside, Manifest, Problem, picker
from standards.errors import SourceBroken, SourceUnavailable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from adapters.contract import Hints, Record, Wanted

ENTITIES = frozenset({"organization", "student", "enrollment"})
DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
GRADES = {"K": "KG"} | {str(number): f"{number:02}" for number in range(1, 13)}
PUPIL = {"first": "name.given", "last": "name.family", "born": "birthDate", "mail": "email"}
ELSEWHERE = frozenset({"no", "school", "grade", "from", "to"})  # members that the enrollment tells


class LarkspurSettings(Schema):
    """Where the export is; a relative path begins beside the settings file."""

    source = fields.String(
        required=True,
        validate=validate.Length(min=1),
        metadata={"path": True, "description": "The file that Larkspur writes every night."},
    )


class Larkspur(Adapter):
    """The nightly export of the Larkspur student information system."""

    name: ClassVar[str] = "larkspur"
    Settings: ClassVar[type[Schema]] = LarkspurSettings

    @property
    def manifest(self) -> Manifest:
        """Schools, pupils, and who goes to which school."""
        return Manifest(ENTITIES)

    def check(self) -> list[Problem]:
        """Read everything once; what cannot be read has a place."""
        try:
            list(self.read(dict.fromkeys(ENTITIES)))
        except SourceBroken as error:
            return [Problem(str(error).removeprefix(f"{error.place}: "), error.place)]
        return []

    def stamp(self) -> str:
        """Change with the time and the size of the file."""
        seen = self._file.stat()
        return f"{seen.st_mtime_ns}/{seen.st_size}"

    def read(self, wanted: Wanted, hints: Hints = NO_HINTS) -> Iterator[tuple[str, Record]]:  # noqa: ARG002 -- a file knows no questions
        """Every record of the *wanted* entities, with the wanted fields."""
        self.notes.clear()
        pick = {entity: picker(entity, names) for entity, names in wanted.items()}
        for entity, record in self._records(self._document()):
            if entity in pick:
                yield entity, pick[entity](record)

    @property
    def _file(self) -> Path:
        return Path(self.settings["source"])

    def _document(self) -> Mapping[str, Any]:
        """The whole export, of which the outer form is as it should be."""
        try:
            document = json.loads(self._file.read_text("utf-8"))
        except OSError:
            raise SourceUnavailable("the export cannot be opened") from None
        except json.JSONDecodeError as error:
            raise SourceBroken("this is no JSON", f"{self._file.name}:{error.lineno}:{error.colno}") from None
        except UnicodeDecodeError:
            raise SourceBroken("this is no text in UTF-8", self._file.name) from None
        for name in ("schools", "pupils"):
            rows = document.get(name) if isinstance(document, dict) else None
            if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
                raise SourceBroken("this is no list of objects", f"{self._file.name}:{name}")
        return document

    def _records(self, document: Mapping[str, Any]) -> Iterator[tuple[str, Record]]:
        for number, school in enumerate(document["schools"]):
            code = school.get("code")
            if not isinstance(code, str) or not code:
                raise SourceBroken("a school has no code", f"{self._file.name}:schools[{number}]")
            yield "organization", _filled(key=(code,), identifier=code, name=school.get("name"), kind="school")
        for number, pupil in enumerate(document["pupils"]):
            yield from self._pupil(pupil, f"pupils[{number}]")

    def _pupil(self, pupil: Mapping[str, Any], place: str) -> Iterator[tuple[str, Record]]:
        """The student and the enrollment that a row tells of; a row that cannot be understood is set aside."""
        wrong = next((name for name in (*PUPIL, *ELSEWHERE) if not isinstance(pupil.get(name, ""), str)), "")
        wrong = wrong or next((name for name in ("no", "school", "from") if not pupil.get(name)), "")
        if wrong:
            return self._set_aside(f"{place}.{wrong}", "is missing" if wrong not in pupil else "is no text")
        days = [name for name in ("born", "from", "to") if pupil.get(name) and not DATE.fullmatch(pupil[name])]
        if days:
            return self._set_aside(f"{place}.{days[0]}", "is not a date", pupil["no"])
        for name in pupil.keys() - PUPIL.keys() - ELSEWHERE:
            self.notes.note(name)  # a member that is new to us: its name, never its value
        return self._told(pupil)

    def _told(self, pupil: Mapping[str, str]) -> Iterator[tuple[str, Record]]:
        number, school, grade = pupil["no"], pupil["school"], pupil.get("grade", "")
        yield (
            "student",
            _filled(key=(number,), uniqueId=number)
            | {field: pupil[name] for name, field in PUPIL.items() if pupil.get(name)},
        )
        yield (
            "enrollment",
            _filled(
                key=(pupil["from"], school, number),
                student=(number,),
                school=(school,),
                grade=GRADES.get(grade, grade),  # a word that is new to us passes as it is
                entry=pupil["from"],
                exit=pupil.get("to"),
            ),
        )

    def _set_aside(self, place: str, reason: str, number: str = "") -> Iterator[tuple[str, Record]]:
        key = (number,) if number else ()
        self.notes.set_aside(
            Aside("student", f"{self._file.name}:{place}", reason, key, made=frozenset({"enrollment"}))
        )
        return iter(())


def _filled(**values: Any) -> Record:
    """A record of the *values* that there are."""
    return {name: value for name, value in values.items() if value}
