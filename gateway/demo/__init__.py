"""The demonstration: a fictional region, served and explained."""
