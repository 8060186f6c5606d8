"""Upper bounds: constructions with explicit constants, and known rates. THEORY.md, section 5."""
