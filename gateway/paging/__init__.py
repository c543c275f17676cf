"""Paging: page tokens, and walks that stay on the rows of their first page."""
