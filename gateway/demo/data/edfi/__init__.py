"""A fictional district as its Ed-Fi system would have it: interchange files and documents."""
