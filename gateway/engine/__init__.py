"""The engine: rows that exist for a grant, their order, and the compiled code that renders them."""
