"""What other apps may want to know about connections and their accounts."""

from django.dispatch import Signal

# Sent after the commit, with ``connection``.
connection_made = Signal()
connection_removed = Signal()
connection_needs_reconnect = Signal()
connection_recovered = Signal()

# Sent inside the transaction that takes note of it, so that either both are done or it is tried again.
# The host deleted a meeting at the provider: ``provider``, ``external_id`` (the meeting's), ``host_id`` (may be empty).
meeting_deleted = Signal()
# What is known of the account ``external_id`` at ``provider`` through ``connection`` has to go from every row.
account_data_to_erase = Signal()

# For whoever counts; sent by the thread that made the call, maybe without a database at hand.
# One exchange with a provider is over: ``service``, ``method`` (HTTP's), ``outcome`` (http.outcome), ``seconds``.
provider_called = Signal()
# A refresh of an access token is over: ``provider``, ``outcome`` ("ok", "refused", "failed").
token_refreshed = Signal()
