"""
Billers, customers, invoices and payments as plain values, and the rules on them.

Nothing here knows a database, a request or a file: only the standard library is imported. Every refusal is an error
of `errors`; `wire/faults.py` and `control/faults.py` say how each is told.
"""
