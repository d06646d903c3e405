"""
What stands between the doors and the store: each change is one transaction. Only these modules call the store.

Nothing here knows of HTTP, SOAP or Flask.
"""
