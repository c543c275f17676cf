"""The API of transfers, `/transfers/v1`: what programs and people of districts ask about records that move."""
