"""Machine code for regions: each operation, whole regions, and the life of a process."""
