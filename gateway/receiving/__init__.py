"""The agent in the house of a district that receives records: it fetches, opens, files and acknowledges them."""
