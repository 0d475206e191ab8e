"""``python -m chainyard``."""

from chainyard.cli import main

main()
