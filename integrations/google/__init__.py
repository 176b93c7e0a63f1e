"""Google: the calendar's account."""
