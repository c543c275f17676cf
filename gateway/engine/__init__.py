"""The engine: which rows exist for a grant, in which order, and how each is rendered."""
