"""What keeps a store small: frames merged, hours closed, the oldest deleted, a step at a time."""
