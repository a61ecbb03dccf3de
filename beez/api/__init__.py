"""What every route stands on: keys, authentication, parsing, limits, one shape for errors."""
