"""Change logs: since when each record is as it was shown, as hashes and moments, sealed on disk."""
