"""Dates in German."""

LONG_DATE = "l, j. F Y"  # Donnerstag, 3. Dezember 2026
LONG_DAY = "l, j. F"
LONG_DAY_AND_TIME = "l, j. F, H:i"
DATE_FORMAT = "j. F Y"
SHORT_WEEKDAY_DATE = "D, j. N Y"  # Do, 3. Dez. 2026
SHORT_DATE = "j. N Y"
SHORT_DAY = "j. N"
DATETIME_FORMAT = "j. N Y, H:i"
TO_THE_SECOND = "j. N Y, H:i:s"
