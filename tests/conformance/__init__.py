"""Every operation of the standards, walked along the table of the facts."""
