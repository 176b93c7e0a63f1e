"""The organizer's calendars."""
