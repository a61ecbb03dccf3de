"""What the staff pages of all parts stand on."""
