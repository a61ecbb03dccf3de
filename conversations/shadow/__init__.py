"""A candidate answers a share of the live traffic beside the live version, and nobody hears it."""
