"""Writes: what a consumer may change, merged with what it cannot see, checked, and sent to the district's source."""
