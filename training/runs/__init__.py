"""One training at a time, and whether what it made may go live."""
