"""Reads: one page, one record or one export of what a consumer may see, recorded before it leaves."""
