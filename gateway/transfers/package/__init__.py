"""Packages: what is sealed of one student's record, as bytes that are the same whenever they are made."""
