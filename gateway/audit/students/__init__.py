"""The students of the record of disclosures: tags under a key for each school year, and an index to their events."""
