"""What a version has to say for itself."""
