"""`make bench`: the service beside a bare application, and what it adds to a slow Rivo."""
