"""Bytes become records: blocks, shapes, the TOML schema, detection, the generic reader."""
