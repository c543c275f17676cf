"""Change versions of the Ed-Fi API: what each consumer has been told, by version, as hashes, sealed on disk."""
