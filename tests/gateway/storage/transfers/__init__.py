"""What is stored of transfers."""
