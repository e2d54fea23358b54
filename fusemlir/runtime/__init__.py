"""Running compiled networks: engines, and the devices under them."""
