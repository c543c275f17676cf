"""The summary of a package: the pages that a registrar reads."""
