"""What a simulator may send out, and where to."""
