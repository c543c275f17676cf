"""Sealing: a package signed for the district that sends it and encrypted to the one that receives it."""
