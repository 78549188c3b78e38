"""Which kind of checkpoint a path holds, and whether it is complete, proven without loading it."""
