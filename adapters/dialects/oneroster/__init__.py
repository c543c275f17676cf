"""How vendors serve OneRoster, a file for each."""
