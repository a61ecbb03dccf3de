"""Between the web server and Django: nobody who is slow holds a thread.

granian takes the connections; what it hands over comes to `application.py`.
"""
