"""Everything that Beez must not lose, in one folder, and from there back: `saving`, `restoring`."""


class BackupError(Exception):
    """It cannot be saved or restored; the message says why and what to do."""
