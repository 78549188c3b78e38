"""Words become calls: a file per verb; the composition root."""
