"""
Between SOAP and the ledger: the operations as declared in Spyne, and the words of a refusal.

A handler reads values, calls the ledger and writes the answer; no rule of the ledger stands here, and no Spyne object
leaves.
"""
