"""Documents that tell what a deployment can do: discovery, OpenAPI, and the pages that show them."""
