"""The fold: inputs in, decisions out. No clock, no file, no process, no screen."""
