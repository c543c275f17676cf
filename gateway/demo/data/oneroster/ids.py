"""What a fictional district's OneRoster system calls its records: every id starts with the district's name."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Ids:
    """The sourcedIds of one district."""

    district: str
    year: int

    def org(self, ident: str) -> str:
        """A district or school."""
        return f"{self.district}-org-{ident}"

    def session(self, ident: str) -> str:
        """A session of this school year."""
        return f"{self.district}-{self.year}-{ident}"

    def course(self, ident: str) -> str:
        """A course."""
        return f"{self.district}-course-{ident}"

    def section(self, ident: str) -> str:
        """A class."""
        return f"{self.district}-class-{ident}"

    def student(self, ident: str) -> str:
        """A student."""
        return f"{self.district}-s-{ident}"

    def guardian(self, ident: str) -> str:
        """A parent, guardian or relative."""
        return f"{self.district}-g-{ident}"

    def staff(self, ident: str) -> str:
        """A member of staff."""
        return f"{self.district}-t-{ident}"

    def other(self, ident: str) -> str:
        """Anything that is already told apart by the form of its own id."""
        return f"{self.district}-{ident}"
