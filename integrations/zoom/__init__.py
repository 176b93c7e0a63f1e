"""Zoom: meetings."""
