"""Ed-Fi documents as vocabulary records, shared by the adapters for files and for servers."""
