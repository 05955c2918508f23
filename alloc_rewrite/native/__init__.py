"""What only the native core needs in Python: its sites, and answers to what the extension asks."""
