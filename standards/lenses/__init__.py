"""Lenses: a local document and a vocabulary record, as pairs that read one way and write the other."""
