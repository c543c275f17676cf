"""A fictional district as its OneRoster system would tell it: bulk files and documents."""
