"""Random programs with loops: `writer` writes them, `trial` compares them plain and bumped."""
