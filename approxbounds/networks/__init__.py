"""Network classes and their rivals: what approximates. One file per kind."""
