"""Options of a district on its pages: a field for each under More settings, what is said of them, and wrong lines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from wtforms import StringField, TextAreaField
from wtforms.validators import Length, Optional

from adapters import defaults
from gateway.admin.districts.option_lines import lines_of, read_options, said_options
from gateway.config.districts.options import OPTIONS
from gateway.console.wording import later, say, translated

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gateway.admin.districts.looking import AdapterView

MAX_CHARACTERS: Final = 20_000
LABELS: Final = {"timezone": later("Time zone"), "cache": later("Kept in memory for")}
EACH: Final = later("Each on a line of its own.")
PAIRS: Final = later("Each on a line of its own, as NAME = VALUE.")
FACTS: Final = later(
    "Each on a line of its own, as NAME = VALUE; a list has a line for each of its values. The names are %(names)s."
)


def label_of(name: str) -> str:
    """Return what an option is called."""
    return str(LABELS[name]) if name in LABELS else say(OPTIONS[name].label)


def option_fields(adapter: AdapterView) -> dict[str, Any]:
    """Return a field for each option that a district of the *adapter* has."""
    return {name: _field(name) for name, one in OPTIONS.items() if one.kind != "facts" or adapter.declares}


def option_data(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return what stands in the fields for the *options* of a district."""
    data = {name: "\n".join(lines) for name, lines in said_options(options).items()}
    return data | {name: options[name] for name in LABELS if name in options}


def written_options(form: Any) -> dict[str, Any]:
    """Return what a *form* says of the options of a district.

    Raises:
        InvalidBody: a line is not of its form; its places are those of the settings.
    """
    typed = {name: str(form[name].data or "").splitlines() for name in OPTIONS if name in form}
    return {name: form[name].data for name in LABELS} | read_options(typed)


def options_shown(options: Mapping[str, Any]) -> list[tuple[str, list[str]]]:
    """Return the options of a district that are said, each with its label and its lines."""
    common = {name: lines_of(options.get(name)) for name in LABELS}
    return [(label_of(name), lines) for name, lines in (common | said_options(options)).items() if lines]


def place_mistake(form: Any, place: str, told: str) -> bool:
    """Put what is *told* of a place in an option at its field; False where the place is in none."""
    name, _, inner = place.partition(".")
    if name not in OPTIONS or name not in form:
        return False
    if inner and OPTIONS[name].kind in {"numbers", "texts"}:
        told = say("Line %(number)s: %(told)s") % {"number": int(inner) + 1, "told": told}
    elif inner:
        told = f"{inner}: {told}"
    form[name].errors = [*form[name].errors, told]
    return True


def _field(name: str) -> Any:
    one = OPTIONS[name]
    shown = {"label": say(one.label), "description": _hint(name)}
    rules = [Optional(), Length(max=MAX_CHARACTERS)]
    if one.kind in {"number", "text"}:
        return StringField(validators=rules, **shown)
    return TextAreaField(validators=rules, render_kw={"rows": 3, "spellcheck": "false"}, **shown)


def _hint(name: str) -> str:
    one = OPTIONS[name]
    about = (translated(one.about) or one.about).replace("`", "")
    names = {"names": ", ".join(known.name for known in defaults.TABLE)}
    how = {"numbers": EACH, "texts": EACH, "shares": PAIRS, "facts": FACTS % names}.get(one.kind, "")
    return f"{about} {how}".rstrip()
