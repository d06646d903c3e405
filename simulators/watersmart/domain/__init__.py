"""
Rules on plain values: customers, invoices, payments, users. Imports the standard library alone.

Nothing here knows files, tables or the control API.
"""
