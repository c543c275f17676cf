"""The commands ``crossing transfers``: records that move between districts, as an operator sees them."""
