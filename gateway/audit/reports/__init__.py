"""Reports from the record of disclosures: who saw a child, what a recipient got, what a breach exposed, and proofs."""
