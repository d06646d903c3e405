"""Values, SOAP and JSON as they stand on the wire. Nothing here knows a partner, and nothing here does I/O."""

__all__: list[str] = []
