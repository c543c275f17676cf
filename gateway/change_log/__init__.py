"""Change logs: since when each record is as it was shown, kept as hashes and moments in sealed files."""
