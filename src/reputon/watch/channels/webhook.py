"""Webhook: an alert as plain JSON."""

from reputon.watch.channels import posting
from reputon.watch.channels.channel import Channel
from reputon.watch.notice import Notice


def send(notice: Notice | None, channel: Channel) -> str:
    """Post the notice's fields (docs/watch.md)."""
    posting.check(channel)
    return posting.post(channel, notice.fields) if notice else ""
