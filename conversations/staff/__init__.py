"""The staff pages of conversations: the list, a conversation, the review queue, thresholds."""
