"""OneRoster vendor profiles: how each vendor serves OneRoster, one data file per vendor."""
