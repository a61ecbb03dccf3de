"""What `manage.py up` does: checks, first start, child processes, stopping."""
