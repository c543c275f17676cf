"""Filing of a record in the receiving district's own system: what is written, what is asked, what stays a document."""
