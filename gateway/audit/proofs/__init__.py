"""Proofs about the audit log: a Merkle tree over its entries, signed heads of the tree, and what follows from them."""
