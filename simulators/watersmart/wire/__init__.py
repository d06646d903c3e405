"""
Between bytes and values: WaterSmart's own files are written here, Invoice Cloud's read.

WaterSmart serves no interface; its wire is files. What is in them is for the services.
"""
