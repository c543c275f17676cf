"""Ed-Fi resources that the vocabulary covers, a module each."""
