"""Agreements about transfers of records."""
