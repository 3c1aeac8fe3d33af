"""Delivery: the alerts that wait, handed to their channels, each claimed on disk first."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from reputon.watch import outbox
from reputon.watch.channels import CHANNELS, Channel, ChannelError, NotDelivered, Send, Unclear
from reputon.watch.history import History
from reputon.watch.outbox import Alert, Status


@dataclass(frozen=True, slots=True)
class Delivered:
    """What became of one alert in this pass."""

    alert: Alert
    status: Status
    said: str


def check(channel: Channel, ways: Mapping[str, Send] = CHANNELS) -> None:
    """ChannelError where a channel cannot be used as it is set up."""
    if channel.kind not in ways:
        raise ChannelError(f"watch.alerts.{channel.name}: `kind`: one of {', '.join(ways)}")
    ways[channel.kind](None, channel)


def deliver(
    history: History, channels: Mapping[str, Channel], now: datetime,
    stopped: Callable[[], bool] = lambda: False, ways: Mapping[str, Send] = CHANNELS,
) -> list[Delivered]:  # fmt: skip
    """Send what waits; a channel that refuses one alert is left alone until the next pass."""
    done: list[Delivered] = []
    tired: set[str] = set()
    for alert in outbox.waiting(history, now, channels):
        if stopped():
            break
        if alert.channel in tired or not outbox.claim(history, alert):
            continue
        found = _send(history, alert, channels[alert.channel], ways, now)
        if found.status is not Status.SENT:
            tired.add(alert.channel)
        done.append(found)
    return done


def _send(history: History, alert: Alert, channel: Channel, ways: Mapping[str, Send], now: datetime) -> Delivered:
    try:
        said = ways[channel.kind](alert.notice, channel)
    except NotDelivered as error:
        return Delivered(alert, outbox.refused(history, alert, str(error), now), str(error))
    except Unclear as error:
        outbox.unclear(history, alert, str(error))
        return Delivered(alert, Status.UNCLEAR, str(error))
    outbox.sent(history, alert, said)
    return Delivered(alert, Status.SENT, said)
