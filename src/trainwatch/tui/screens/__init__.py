"""A file per screen and dialog."""
