"""What school data means: the vocabulary, the standards that speak it, and how one becomes the other."""
