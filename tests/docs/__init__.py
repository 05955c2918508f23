"""Tests of the documentation: its snippets, its generated pages, its links."""
