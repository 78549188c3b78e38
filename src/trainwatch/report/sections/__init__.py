"""What the report says, a file for what belongs together."""
