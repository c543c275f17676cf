"""What hostile people and their browsers try at the console."""
