"""The control API `/_sandbox/…`: what a real partner does not have."""
