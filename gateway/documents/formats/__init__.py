"""Formats of a printable document: HTML, PDF and plain text, from the same blocks."""
