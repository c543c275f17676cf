"""The non-interference kit: second worlds that differ only in what a grant hides."""
