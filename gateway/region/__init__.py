"""Fictional school districts, made from a seed, and the files their systems would send."""

from gateway.region.district import generate
from gateway.region.records import District
from gateway.region.terms import first_day, last_day, school_year_of

__all__ = ["District", "first_day", "generate", "last_day", "school_year_of"]
