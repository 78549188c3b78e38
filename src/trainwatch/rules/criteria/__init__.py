"""Success criteria of a rules file: a checklist with projections."""
