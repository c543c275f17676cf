"""Contents of packages: the released documents of one student, read over the engine that every exit passes."""
