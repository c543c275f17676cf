"""Services of transfers, for the people and programs of one district at a time: what the console and the API offer."""
