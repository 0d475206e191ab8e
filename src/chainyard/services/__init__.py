"""What runs beside the nodes. One file a service."""
