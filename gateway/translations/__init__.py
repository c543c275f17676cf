"""Translations: the texts for families and districts, in English and in the languages that have a catalogue."""
