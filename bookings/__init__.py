"""The domain: event types, availability, bookings and their arranging."""
