"""Accounts at other services: connect, keep, remove."""
