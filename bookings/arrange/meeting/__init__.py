"""The video meeting: made or found, moved, deleted. At most one live one for a booking."""

from bookings.arrange.meeting.make import create_job, intend
from bookings.arrange.meeting.step import keep_in_step

__all__ = ["create_job", "intend", "keep_in_step"]
