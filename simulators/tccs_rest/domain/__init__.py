"""
The insurer's side of the ledger: policy terms, charges, quotes, payments and returns, as rules on plain values.

Only the standard library is imported here; nothing knows of HTTP, forms or where values are kept. Money is whole cents,
times are aware.
"""
