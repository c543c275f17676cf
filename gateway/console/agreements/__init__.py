"""Pages of agreements: the list, one agreement, its editor, signing."""
