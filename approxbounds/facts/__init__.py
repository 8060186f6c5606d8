"""What theorems may ask of F and G, and the objects that carry the answers. Theorems import facts, never a class."""
