"""Importing: a file of entries that a form sends, first to see what it would do, and once more to do it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from flask import Response, flash, redirect, render_template

from gateway.console.registers.forms import message_of
from gateway.console.tables import Sheet, TableColumn
from gateway.console.wording import later, retold, say
from gateway.registers.csv_rows import MAX_FILE_BYTES
from standards.errors import CallerError, SourceError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from gateway.admin.registers.importing import ImportOutcome

MAX_SHOWN_MISTAKES: Final = 200
MOST_BYTES: Final = min(8 * 2**20, MAX_FILE_BYTES)


def imported(
    form: Any, run: Callable[[str, bytes], ImportOutcome], *, title: str, back: str, template: str, hint: str = ""
) -> Any:
    """Answer a form with a file of the register *title*: *run* its name and bytes, and go *back* once it is written.

    The page has the address of an empty *template*, and a *hint* where there is something to know.
    """
    outcome = None
    if form.validate_on_submit():
        try:
            outcome = run(form.file.data.filename or "file", form.file.data.read())
        except (CallerError, SourceError) as error:
            form.form_errors = [message_of(error)]
    if outcome is not None and outcome.written is not None and not form.dry.data:
        made, changed = len(outcome.written.made), len(outcome.written.changed)
        flash(say("Imported: %(made)s added, %(changed)s changed.") % {"made": made, "changed": changed}, "ok")
        return redirect(back, 303)
    mistakes = outcome.says.mistakes[:MAX_SHOWN_MISTAKES] if outcome else ()
    return render_template(
        "registers/import.html", title=title, back=back, template=template, hint=hint, form=form, outcome=outcome,
        mistakes=_table(mistakes) if mistakes else None,
    )  # fmt: skip


def headings(register: str, columns: Iterable[str]) -> Response:
    """Send an empty file with the headings that an import of a *register* understands."""
    answer = Response(",".join(columns) + "\r\n", content_type="text/csv; charset=utf-8")
    answer.headers["Content-Disposition"] = f'attachment; filename="{register}.csv"'
    return answer


def _table(mistakes: Sequence[Any]) -> Any:
    columns: list[TableColumn[Any]] = [
        TableColumn(later("Line"), lambda one: one.line, "number"),
        TableColumn(later("Column"), lambda one: one.column, "number"),
        TableColumn(later("Mistake"), lambda one: retold(one.message.split(": ", 1)[-1])),
    ]
    return Sheet("mistakes", say("Mistakes in the file"), columns, mistakes).shown()
