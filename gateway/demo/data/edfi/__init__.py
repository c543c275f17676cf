"""A fictional district as its Ed-Fi system would tell it: interchange files and documents."""
