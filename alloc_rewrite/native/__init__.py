"""What only the native core needs in Python: its sites, and what the extension asks of Python."""
