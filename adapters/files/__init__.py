"""Files for adapters: archives opened safely, and CSV read with the place of every mistake."""
