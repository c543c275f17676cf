"""Work on transfers: what the gateway does by itself, from the search for a student to the sealed package."""
