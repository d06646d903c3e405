"""
Every operation of Invoice Cloud that is called, declared without I/O: one module for each service or folder of one.

A function here checks and renders a request and says how its answer is read; `invoice_cloud.client` sends.
"""

__all__: list[str] = []
