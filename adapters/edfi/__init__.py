"""Ed-Fi documents as records, shared by the adapters for files and for servers."""
