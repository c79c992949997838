"""In-memory implementations for tests: of this project and of its users."""
