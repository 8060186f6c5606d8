"""Trained networks as a device has them: packed bits and integers."""
