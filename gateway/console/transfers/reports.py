"""Reports of transfers: figures of a district over some days, without anybody's name."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from flask import render_template, request

from gateway.admin.transfers.office import REPORTS
from gateway.admin.transfers.reports import TransferReport, TransferReports
from gateway.console.page import page, region
from gateway.console.tables import Sheet, TableColumn, csv_of, pairs
from gateway.console.transfers.forms import PeriodForm
from gateway.console.transfers.office import blueprint, district_name, office, places
from gateway.console.transfers.words import INSIDE, REFUSALS, TRACKS
from gateway.console.wording import later, say, translated
from gateway.transfers.machine.words import TransferState
from standards.errors import InvalidBody

if TYPE_CHECKING:
    from gateway.admin.transfers.reports import TrackReport

DAYS: Final = 90
"""The days of a report of which nothing else is said."""


@page(blueprint, "/<district>/reports", REPORTS)
def reports(district: str) -> Any:
    """Count the requests that a district was asked for, over some days."""
    form, today = PeriodForm(request.args, meta={"csrf": False}), region().clock().date()
    begin, end = form.begin.data or today - timedelta(days=DAYS), form.end.data or today
    form.begin.data, form.end.data = begin, end
    try:
        found = office(TransferReports, district).report(begin, end, district)
    except InvalidBody as refusal:
        form.end.errors = [translated(refusal.message) or refusal.message]
        found = TransferReport(district, begin, end)
    tracks, states, refused = _tracks(found), _states(found), _refused(found)
    return csv_of(tracks, states, refused) or render_template(
        "transfers/reports.html", district=district, name=district_name(district), places=places(district), form=form,
        found=found, tracks=tracks.shown(), states=states.shown(), refused=refused.shown(),
    )  # fmt: skip


def _tracks(found: TransferReport) -> Sheet[TrackReport]:
    columns: list[TableColumn[TrackReport]] = [
        TableColumn(later("Track"), lambda one: TRACKS[one.track]),
        TableColumn(later("Open"), lambda one: one.open, "number"),
        TableColumn(later("Soon due"), lambda one: one.amber, "number"),
        TableColumn(later("Late"), lambda one: one.late, "number"),
        TableColumn(later("Stands still"), lambda one: one.stopped, "number"),
        TableColumn(later("Done"), lambda one: one.done, "number"),
        TableColumn(later("Done late"), lambda one: one.done_late, "number"),
        TableColumn(later("Median of school days"), lambda one: one.median_days, "number"),
    ]
    return Sheet("tracks", say("By track"), columns, found.tracks, say("Nothing was asked for in these days."))


def _states(found: TransferReport) -> Sheet[Any]:
    counted = found.states
    rows = [(INSIDE[one].word, counted[one.value]) for one in TransferState if counted.get(one.value)]
    columns, lines = pairs(later("State"), later("Requests"), rows)
    return Sheet("states", say("By state"), columns, lines, say("Nothing was asked for in these days."))


def _refused(found: TransferReport) -> Sheet[Any]:
    rows = [(words, found.refused[one]) for one, words in REFUSALS.items() if found.refused.get(one)]
    columns, lines = pairs(later("Reason"), later("Requests"), rows)
    return Sheet("refused", say("Refused"), columns, lines, say("Nothing was refused in these days."))
