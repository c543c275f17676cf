"""The fictional districts that the tests of this folder look at."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import strategies as st

from gateway.demo.data import FictionalDistrict, first_day, generate

TODAY = date(2026, 1, 15)


def small(name: str = "maple", seed: int = 1, students: int = 300) -> FictionalDistrict:
    """A district of a few hundred students."""
    return generate(name, seed=seed, students=students, school_year=2026, today=TODAY)


@st.composite
def districts(draw) -> FictionalDistrict:
    """Any small district, on any day of its school year or the summer after it."""
    year = draw(st.integers(2024, 2034))
    return generate(
        draw(st.sampled_from(["maple", "cedar", "alder-north"])),
        seed=draw(st.integers(0, 2**32)),
        students=draw(st.integers(1, 150)),
        schools=draw(st.none() | st.integers(3, 9)),
        school_year=year,
        today=first_day(year) + timedelta(days=draw(st.integers(0, 360))),
    )
