"""Channels: the ways to tell somebody, one module and one function each; a channel's contract is `Send`."""

from collections.abc import Mapping

from reputon.watch.channels import chat, mail, syslog, webhook
from reputon.watch.channels.channel import Channel, ChannelError, NotDelivered, Send, Unclear

CHANNELS: Mapping[str, Send] = {
    "email": mail.send,
    "webhook": webhook.send,
    "slack": chat.send_slack,
    "teams": chat.send_teams,
    "syslog": syslog.send,
}

__all__ = ["CHANNELS", "Channel", "ChannelError", "NotDelivered", "Send", "Unclear"]
