"""From probabilities to decisions: pure arithmetic, no Django."""
