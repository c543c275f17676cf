"""Parts that pages share: plots, and files that people send."""
