"""The agent in the house of a district that sends records: its keys, and its signatures over what leaves."""
