"""How Beez is doing: facts gathered in one place, told by three doors.

The doors are the staff's first page (`page`), `GET /status` (`api`) and `manage.py doctor`.
"""
