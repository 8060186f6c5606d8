"""Complexity of classes: packing numbers of F, pseudo-dimension of G."""
