"""Attachments: documents and notes that people add to a record, checked before anything is kept."""
