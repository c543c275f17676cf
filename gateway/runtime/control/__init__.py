"""The control socket, and the commands that are answered over it by the running gateway."""
