"""Values become characters, without a terminal."""
