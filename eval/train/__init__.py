"""Trains the cross-encoder."""
