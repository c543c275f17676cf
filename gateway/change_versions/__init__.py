"""Change versions of the Ed-Fi API: what was reported to each client, by version, as hashes in sealed files."""
