"""Administration: what people do about districts, clients, agreements and one another; one service for every way in."""
