"""People, their browsers, and the region that they administer."""
