"""The gateway: HTTP, authorization, caching and the audit log; the only package that knows HTTP, SQL and Redis."""
