"""Plain, bumped and profiled runs of the same code, compared to the bit."""
