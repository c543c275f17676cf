"""The sourcedIds of a fictional district's OneRoster system: each starts with the district's name."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Ids:
    """The sourcedIds of one district."""

    district: str
    year: int

    def org(self, ident: str) -> str:
        """Return the id of a district or school."""
        return f"{self.district}-org-{ident}"

    def session(self, ident: str) -> str:
        """Return the id of a session of this school year."""
        return f"{self.district}-{self.year}-{ident}"

    def course(self, ident: str) -> str:
        """Return the id of a course."""
        return f"{self.district}-course-{ident}"

    def section(self, ident: str) -> str:
        """Return the id of a class."""
        return f"{self.district}-class-{ident}"

    def student(self, ident: str) -> str:
        """Return the id of a student."""
        return f"{self.district}-s-{ident}"

    def guardian(self, ident: str) -> str:
        """Return the id of a parent, guardian or relative."""
        return f"{self.district}-g-{ident}"

    def staff(self, ident: str) -> str:
        """Return the id of a member of staff."""
        return f"{self.district}-t-{ident}"

    def other(self, ident: str) -> str:
        """Return the id of anything else, whose own id has a form of its own."""
        return f"{self.district}-{ident}"
