"""School data standards: the vocabulary, Ed-Fi and OneRoster, and how each maps to the vocabulary."""
