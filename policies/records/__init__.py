"""What of records tells a place, and what dates them."""
