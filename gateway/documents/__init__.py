"""Documents of an agreement for people: agreement, schedule of data, elements and consent form, in each language."""
