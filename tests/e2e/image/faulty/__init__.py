"""Tasks that misbehave, each in one way, so that tests see what becomes of their records."""
