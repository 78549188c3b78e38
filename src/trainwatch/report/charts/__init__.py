"""The charts of the report: one picture as SVG, for the page and as a file of its own."""
