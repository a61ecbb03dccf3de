"""From files of labelled messages to splits."""
