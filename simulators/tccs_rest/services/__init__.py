"""
What can be done with the insurer's books: each change is one transaction. Only these modules call the store.

Nothing here knows of HTTP or of the sandbox's control API.
"""
