"""Facts about vendors, as data files."""
