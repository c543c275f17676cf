"""The parts that pages of the console share."""
