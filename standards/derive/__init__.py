"""Derivation of the facts that the project ships from the reference facts: ``python -m standards.derive FOLDER``."""
