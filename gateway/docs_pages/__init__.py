"""Documentation pages that are written from the code: ``python -m gateway.docs_pages``."""
