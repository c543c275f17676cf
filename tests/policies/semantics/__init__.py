"""The semantics of agreements, told twice: by an interpreter of the documents, and by the product."""
