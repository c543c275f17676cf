"""Metadata of a deployment: discovery documents, OpenAPI, and the pages that show them."""
