"""A small shop with tasks that watch its machine and fill its shelves."""
