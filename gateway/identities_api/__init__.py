"""The Ed-Fi Identities API, `/identity/v2`: registrars and their systems find students of their own district alone."""
