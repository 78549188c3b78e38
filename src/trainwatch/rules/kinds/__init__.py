"""A kind of rule per file: what it sees, its settings with defaults, its sentence."""
