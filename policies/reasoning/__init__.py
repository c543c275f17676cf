"""Reasoning about agreements on their compiled form: what differs, who can see what, and what changes nothing."""
