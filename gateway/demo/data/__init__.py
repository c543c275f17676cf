"""Fictional school districts, generated from a seed, and the files their systems would send."""

from gateway.demo.data.district import generate
from gateway.demo.data.edfi.interchange_files import write_edfi_xml
from gateway.demo.data.oneroster.csv_files import write_oneroster_12
from gateway.demo.data.oneroster.messy_csv_files import write_messy_oneroster_11
from gateway.demo.data.records import FictionalDistrict
from gateway.demo.data.schools.terms import first_day, last_day, school_year_of

WRITERS = {
    "oneroster-1.2": write_oneroster_12,
    "oneroster-1.1": write_messy_oneroster_11,
    "edfi": write_edfi_xml,
}

__all__ = [
    "WRITERS",
    "FictionalDistrict",
    "first_day",
    "generate",
    "last_day",
    "school_year_of",
    "write_edfi_xml",
    "write_messy_oneroster_11",
    "write_oneroster_12",
]
