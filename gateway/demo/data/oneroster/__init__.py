"""A fictional district as its OneRoster system would have it: bulk files and documents."""
