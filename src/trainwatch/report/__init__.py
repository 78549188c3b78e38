"""A snapshot becomes a document: Markdown, JSON."""
