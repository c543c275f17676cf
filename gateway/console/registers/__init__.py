"""Pages of the registers of consents and restrictions."""
