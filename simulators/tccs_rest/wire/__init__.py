"""
Between HTTP and the ledger: forms, the seven calls, answers in JSON or XML, the bill as PDF, the words of a refusal.

A handler reads values, calls the ledger and writes the answer; no rule of the ledger stands here, and nothing of HTTP
or of the PDF library leaves.
"""
