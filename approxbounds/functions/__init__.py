"""Function classes: what is to be approximated. One file per class."""
