"""Days and moments that options of commands take, written as 2026-12-31 and 2026-12-31T08:00."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from datetime import datetime


class Day(click.DateTime):
    """A day of the calendar; what is none is refused with how a day is written."""

    name = "day"

    def __init__(self) -> None:
        super().__init__(["%Y-%m-%d"])

    def get_metavar(self, param: click.Parameter, ctx: click.Context) -> str:  # noqa: ARG002  as click calls it
        """Name it in the help of a command."""
        return "DAY"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """Read the day."""
        try:
            found: datetime = super().convert(value, param, ctx)
        except click.BadParameter:
            self.fail("write a day of the calendar as 2026-12-31", param, ctx)
        return found


class Moment(click.DateTime):
    """A moment, or the day that it begins; what is none is refused with how a moment is written."""

    name = "moment"

    def __init__(self) -> None:
        super().__init__(["%Y-%m-%dT%H:%M", "%Y-%m-%d"])

    def get_metavar(self, param: click.Parameter, ctx: click.Context) -> str:  # noqa: ARG002  as click calls it
        """Name it in the help of a command."""
        return "MOMENT"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """Read the moment."""
        try:
            found: datetime = super().convert(value, param, ctx)
        except click.BadParameter:
            self.fail("write a moment as 2026-12-31T08:00, or a day as 2026-12-31", param, ctx)
        return found


DAY = Day()
MOMENT = Moment()
