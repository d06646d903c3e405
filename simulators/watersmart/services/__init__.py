"""
What WaterSmart does, each change in one transaction: it alone calls the store.

Bytes of files and JSON stay outside; what goes to Invoice Cloud goes by a port.
"""
