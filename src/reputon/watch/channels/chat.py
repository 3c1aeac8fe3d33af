"""Chat: an alert in the shapes that Slack's and Teams' incoming webhooks take."""

from reputon.watch.channels import posting
from reputon.watch.channels.channel import Channel
from reputon.watch.notice import Notice


def send_slack(notice: Notice | None, channel: Channel) -> str:
    """Post `text` and `blocks` (docs.slack.dev, incoming webhooks and Block Kit)."""
    posting.check(channel)
    return posting.post(channel, slack(notice)) if notice else ""


def send_teams(notice: Notice | None, channel: Channel) -> str:
    """Post a message with an Adaptive Card, which Teams' workflows and the older connectors take."""
    posting.check(channel)
    return posting.post(channel, teams(notice)) if notice else ""


def slack(notice: Notice) -> dict[str, object]:
    """The message: its title, and the facts as one section; Slack's three control characters escaped."""
    lines = [f"*{_escaped(notice.title)}*", *(f"{name}: {_escaped(text)}" for name, text in notice.facts)]
    text = {"type": "mrkdwn", "text": "\n".join(lines)[:2900]}  # a section holds 3000 characters
    return {"text": _escaped(notice.title), "blocks": [{"type": "section", "text": text}]}


def teams(notice: Notice) -> dict[str, object]:
    """The message: an Adaptive Card 1.4 with a heading and a set of facts."""
    heading = {
        "type": "TextBlock", "text": _plain(notice.title), "weight": "bolder", "wrap": True,
        "color": "good" if notice.is_good else "attention",
    }  # fmt: skip
    facts = [{"title": name, "value": _plain(text)} for name, text in notice.facts]
    card = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json", "type": "AdaptiveCard", "version": "1.4",
        "body": [heading, {"type": "FactSet", "facts": facts}],
    }  # fmt: skip
    kind = "application/vnd.microsoft.card.adaptive"
    return {"type": "message", "attachments": [{"contentType": kind, "contentUrl": None, "content": card}]}


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _plain(text: str) -> str:
    """Without the brackets by which Markdown makes links of other people's words."""
    return text.replace("[", "(").replace("]", ")")
