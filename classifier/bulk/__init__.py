"""Many messages at once."""
