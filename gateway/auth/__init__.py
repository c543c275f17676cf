"""Authentication: tokens, OAuth 1.0a signatures, client secrets, scopes and rate limits."""
