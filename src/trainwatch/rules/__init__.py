"""Blocks of records become verdicts. Kinds are code; presets are TOML with cases."""
