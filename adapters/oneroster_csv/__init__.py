"""The adapter for OneRoster bulk files, 1.1 and 1.2."""

from adapters.oneroster_csv.adapter import OneRosterCsv

__all__ = ["OneRosterCsv"]
