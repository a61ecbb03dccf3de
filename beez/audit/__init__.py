"""What staff, keys and Beez itself did, row after row, for whoever has to answer for it later."""
