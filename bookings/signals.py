"""What happened to a booking. Each signal is sent inside the transaction that made it so, with ``booking``."""

from django.dispatch import Signal

booking_requested = Signal()
booking_confirmed = Signal()
booking_declined = Signal()
booking_rescheduled = Signal()
booking_cancelled = Signal()
# Nothing changed, but somebody wants unfinished work to be tried now.
arranging_requested = Signal()
