"""Ends attempts whose runner did not record their end."""
