"""The clocks of transfers, in school days of the sending district."""
