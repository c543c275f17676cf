"""Tables of people, and of what they write."""
