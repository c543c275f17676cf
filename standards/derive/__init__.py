"""Derived facts: the data files of the standards, made from the reference: ``python -m standards.derive FOLDER``."""
