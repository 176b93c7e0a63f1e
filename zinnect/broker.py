"""A worker that outlives its broker.

When Redis goes away in the middle of a task, kombu 5.7 closes the channel. The task then ends, is acknowledged over the
closed channel, and an AttributeError ends the worker. Nothing needs to be acknowledged or handed back: what is due
stands in the database, and a task that comes twice finds nothing to do.
"""

from __future__ import annotations

from kombu.transport.redis import Channel, QoS


class SteadyQoS(QoS):
    """Keeps to itself what can no longer be said over a closed channel."""

    restore_at_shutdown = False

    def ack(self, delivery_tag: str) -> None:
        """Acknowledge, if there is anybody to hear it."""
        if not self.channel.closed:
            super().ack(delivery_tag)

    def reject(self, delivery_tag: str, requeue: bool = False) -> None:
        """Hand back, if there is anybody to take it."""
        if not self.channel.closed:
            super().reject(delivery_tag, requeue)


def outlive() -> None:
    """Let every channel of this process be of that kind."""
    Channel.QoS = SteadyQoS
