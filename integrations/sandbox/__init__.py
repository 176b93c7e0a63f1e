"""Local stand-ins for Zoom and Google over real HTTP: demo and tests only (see README.md)."""
