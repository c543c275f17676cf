"""Transfers in agreements: what one says of the record of a student who moves to another district, and its checks."""
