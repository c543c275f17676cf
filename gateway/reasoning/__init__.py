"""Reasoning about agreements over records: their examples tried, simulations, and what is shown of one child."""
