"""The printed learning rates: which schedule they follow, and whether it is the configured one."""
