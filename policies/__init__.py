"""Who may see what: agreements as documents, compiled to grants."""
