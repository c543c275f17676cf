"""Paging: page tokens, and walks that keep the rows of their first page."""
