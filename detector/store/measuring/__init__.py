"""What a store takes by tier and device, how fast it grows, and how long there is room."""
