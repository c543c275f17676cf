"""OneRoster resources, a module each."""
