"""
The utility's side of the ledger: accounts, bills, payments and switches, as rules on plain values.

Only the standard library is imported here; nothing knows of HTTP, SOAP or where values are kept. Money is whole
cents, times are aware.
"""
