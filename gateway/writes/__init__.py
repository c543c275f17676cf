"""Writes: what a consumer may change, merged with what it cannot see, checked, and handed to the district's system."""
