"""Pages of transfers: the record of a student who moves, from asking for it to filing it."""
