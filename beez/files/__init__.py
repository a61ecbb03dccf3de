"""How files that people hand in are read: encodings and JSON of any layout."""
