"""Snapshots become a screen. The only room that knows Textual."""
