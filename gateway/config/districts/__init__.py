"""The settings of one district."""
