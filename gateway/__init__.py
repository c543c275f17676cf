"""The running gateway: the only package that knows HTTP, SQL and Redis."""
