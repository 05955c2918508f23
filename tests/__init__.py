"""The tests of alloc_rewrite."""
