"""Random programs and expressions against a model and against plain NumPy."""
