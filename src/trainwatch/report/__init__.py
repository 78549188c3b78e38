"""A snapshot as a document: Markdown for people, JSON for programs, five sentences for the impatient."""
