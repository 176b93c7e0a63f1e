"""Dates in English."""

LONG_DATE = "l, j F Y"  # Thursday, 3 December 2026
LONG_DAY = "l, j F"
LONG_DAY_AND_TIME = "l, j F, H:i"
DATE_FORMAT = "j F Y"
SHORT_WEEKDAY_DATE = "D j M Y"  # Thu 3 Dec 2026
SHORT_DATE = "j M Y"
SHORT_DAY = "j M"
DATETIME_FORMAT = "j M Y, H:i"
TO_THE_SECOND = "j M Y, H:i:s"
