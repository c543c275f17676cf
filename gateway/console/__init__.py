"""The console: pages in the browser, over the services of administration."""
