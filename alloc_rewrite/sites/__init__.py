"""What the sites of both cores share."""
