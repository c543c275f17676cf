"""OneRoster bulk files: their columns, cells, rows and lenses."""
