"""Measures mu for L^p(mu), one file a kind: frozen records that state what classes under them may use."""
