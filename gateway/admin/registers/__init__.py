"""The registers of consents and restrictions, as the people of a district keep them."""
