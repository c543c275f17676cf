"""People: who they are, how they sign in, and which roles they have in which organisations."""
