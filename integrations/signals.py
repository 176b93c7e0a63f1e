"""What other apps may want to know about connections. Each is sent after the commit, with ``connection``."""

from django.dispatch import Signal

connection_made = Signal()
connection_removed = Signal()
connection_needs_reconnect = Signal()
connection_recovered = Signal()
