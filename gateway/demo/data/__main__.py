"""``python -m gateway.demo.data``: a fictional district as files, for tests and benchmarks."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from gateway.demo.data import WRITERS, generate, school_year_of

if TYPE_CHECKING:
    from datetime import date, datetime

DEFAULT_DAY = "2026-01-15"


@click.command()
@click.argument("output", type=click.Path(path_type=Path))
@click.option("--dialect", type=click.Choice(sorted(WRITERS)), default="oneroster-1.2", show_default=True)
@click.option("--name", default="maple", show_default=True, help="What the district is called.")
@click.option("--students", type=int, default=1000, show_default=True)
@click.option("--schools", type=int, help="How many schools; as many as the students need when left out.")
@click.option("--seed", type=int, default=1, show_default=True, help="The same seed gives the same district.")
@click.option("--today", type=click.DateTime(["%Y-%m-%d"]), default=DEFAULT_DAY, show_default=True)
def main(output: Path, dialect: str, name: str, students: int, schools: int | None, seed: int, today: datetime) -> None:
    """Write a fictional district to OUTPUT: a zip for OneRoster (or a folder, for 1.1), a folder for Ed-Fi."""
    day: date = today.date()
    try:
        district = generate(
            name, seed=seed, students=students, schools=schools, school_year=school_year_of(day), today=day
        )
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    WRITERS[dialect](district, output)
    click.echo(
        f"{district.title}: {len(district.schools)} schools, {len(district.students):,} students,"
        f" {len(district.sections):,} sections, {len(district.placements):,} placements; spotlight"
        f" {district.spotlight.id} at {district.spotlight.school}."
    )


if __name__ == "__main__":
    main()
