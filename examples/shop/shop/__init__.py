"""A small shop that watches its machine and keeps its shelves filled, on schedules."""
