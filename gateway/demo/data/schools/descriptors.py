"""The local descriptors of a district's records, as its settings declare them."""

from __future__ import annotations

import json
import re
from html import unescape
from typing import TYPE_CHECKING, Final

from standards.edfi.from_oneroster.default_descriptors import standard

if TYPE_CHECKING:
    from pathlib import Path

VALUE: Final = re.compile(r">(uri://[^<#]+Descriptor#[^<]+)<")
# The words of a OneRoster system without a descriptor of Ed-Fi.
SPOKEN: Final = (
    "uri://local/AcademicSubjectDescriptor#Fine Arts",
    "uri://local/AcademicSubjectDescriptor#Physical Education",
    "uri://local/AcademicSubjectDescriptor#World Languages",
    "uri://local/GradebookEntryTypeDescriptor#Tests",
    "uri://local/GradebookEntryTypeDescriptor#Participation",
    "uri://local/ClassroomPositionDescriptor#teacher",
)


def declared(adapter: str, source: Path) -> str:
    """Return the descriptors that a district with this *adapter* declares, as its settings write them."""
    return json.dumps(shown(source) if adapter == "edfi_xml" else SPOKEN)


def shown(folder: Path) -> list[str]:
    """Return the descriptors in the interchange files of *folder*, which do not describe them."""
    texts = (path.read_text("utf-8") for path in sorted(folder.glob("*.xml")))
    found = {unescape(value) for text in texts for value in VALUE.findall(text)}
    return sorted(found - set(standard()))
