"""What was asked and answered on a lane, masked and bounded."""
