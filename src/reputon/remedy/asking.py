"""Steps that ask others: the provider, the list, the receiver, the hoster; each only by who is heard there."""

from reputon.remedy.quoting import brief
from reputon.remedy.situation import Situation
from reputon.remedy.step import Step


def provider_ticket(s: Situation) -> Step | None:
    """Only the provider can clean its own address."""
    if s.provider is None:
        return None
    support = s.provider.support
    do = f"Open a ticket at {s.provider_name} for {s.listed_ip or 'its listed address'}"
    refuses = f"; they refuse: {brief(s.provider.refuses[0])}" if s.provider.refuses else ""
    why = f"who may delist: {s.provider.who_may_delist}{refuses}; text: reputon ticket BOUNCE"
    return Step("ask", do, why, support.who, support.url, "days")


def release(s: Situation) -> Step | None:
    """The provider stopped the tenant or the account itself, and has to let it send again."""
    if s.provider is None or s.report.enhanced not in s.provider.tenant_codes:
        return None
    support = s.provider.support
    do = f"Ask {s.provider_name} to let you send again, after that is mended"
    why = f"{s.report.enhanced} is its own block of your account or tenant; it comes back while the spam goes on"
    return Step("ask", do, why, support.who, support.url, "hours to days")


def delisting_by_owner(s: Situation) -> Step | None:
    """The owner asks the list, where the list hears anybody."""
    if s.hears_nobody:
        return None
    where = (s.listed_by.removal if s.listed_by else None) or _named_page(s)
    what = "the listed domain" if s.report.subject_kind == "domain" else s.address
    do = f"Once that is mended, ask {s.list_name} to remove {what}"
    who = s.who_may_ask or f"the owner of the {'domain' if s.report.subject_kind == 'domain' else 'address'}"
    why = "it comes back as long as the cause is there"
    if s.provider is not None and s.cause.id == "own-address":
        why += f"; of addresses of {s.provider_name}: {s.provider.who_may_delist}"
    return Step("ask", do, why, who, where, "hours to days")


def _named_page(s: Situation) -> str | None:
    """The page that the refusal itself names: a stranger's word, so only where it is plainly a page."""
    page = s.report.removal or ""
    plain = page.isascii() and page.isprintable() and not set(page) & set(" '\"`$\\<>")
    return page if plain and page.startswith(("https://", "http://")) and len(page) <= 200 else None


def not_delisting(s: Situation) -> Step | None:
    """A request for somebody else's address is refused, or changes nothing."""
    if not s.names_a_list:
        return None
    why = f"the address is not yours: the request has to come from {s.provider_name}"
    if s.cause.id in ("tenant-behaviour", "tenant-forwarding"):
        why += ", and is in vain while such mail goes on"
    return Step("never", f"Do not ask {s.list_name} yourself to remove {s.address}", why, "you")


def tell_receiver(s: Situation) -> Step:
    """The receiver's own postmaster can let the mail in."""
    do = f"Tell the postmaster of {s.receiver}, by another way, what their server said"
    why = "they can let your domain in despite the list; text: reputon ticket --for receiver BOUNCE"
    return Step("ask", do, why, "you", s.postmaster, "hours")


def tell_receiver_it_is_broken(s: Situation) -> Step:
    """Their filter refuses everybody."""
    do = f"Tell the postmaster of {s.receiver} that their filter misreads {s.list_name}"
    why = "no listing of yours is the cause: every sender gets this answer until they change it; "
    why += f"quote {s.returnc or 'their own words'}; text: reputon ticket --for receiver BOUNCE"
    return Step("ask", do, why, "you, by telephone or from another address", s.postmaster, "hours")


def ask_hoster(s: Situation) -> Step:
    """The network around an own address is listed."""
    do = f"Ask the hoster of {s.address} to clean its network, or to give you an address elsewhere"
    why = f"{s.list_name} lists the network around you; only who owns it is heard there"
    where = f"whois {s.listed_ip}" if s.listed_ip else None
    return Step("ask", do, why, "you, as the hoster's customer", where, "days")
