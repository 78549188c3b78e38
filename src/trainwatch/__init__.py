"""A terminal supervisor for training jobs. Importing this package loads nothing else of it."""

__version__ = "0.1.0"
