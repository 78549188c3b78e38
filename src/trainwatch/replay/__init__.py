"""The recorded half: the same engine on what a run left behind."""
