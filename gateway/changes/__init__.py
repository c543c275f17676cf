"""Change queries: changed records, tombstones of deleted ones, and changes passed through from a source."""
