"""Tasks: everything that waits for a person, written down or computed when asked."""
