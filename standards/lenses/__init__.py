"""Lenses: mappings between a local document and a vocabulary record, as pairs that read and write."""
