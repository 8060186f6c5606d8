"""Recurrent networks: what they are, forwards and backwards. One file per kind."""
