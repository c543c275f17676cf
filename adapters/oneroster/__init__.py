"""OneRoster rows and records, shared by the adapters for files and for servers."""
