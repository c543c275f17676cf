"""Pages about clients, and the page behind a one-time link to a secret."""
