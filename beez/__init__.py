"""Beez: behavioural tags for customer messages."""

__version__ = "0.1.0"
