"""What is kept of a run. One class joins all paths."""
