"""Upper bounds on log N(eps, F, L^p), by functions written in few bits: one file a theorem. THEORY.md, section 2.8."""
