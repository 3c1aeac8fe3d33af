"""What a zone's content answers, by the plainest code there is: every entry is looked at."""

from ipaddress import ip_address

from reputon.zone.content import EXCLUDED, OF_ZONE, Covers


def answer(content, subject):
    """(A records, texts), both sorted, of an address or a name below the zone; texts are filled in."""
    values = [value for each in content.datasets if (value := of_dataset(content, each, subject))]
    codes = sorted({code for value in values for code in value.codes})
    texts = sorted({filled(text, subject) for value in values for text in value.texts})
    return codes, texts


def ttls(content, subject):
    values = [value for each in content.datasets if (value := of_dataset(content, each, subject))]
    return {content.ttl if value.ttl == OF_ZONE else value.ttl for value in values}


def of_dataset(content, dataset, subject):
    try:
        address = ip_address(subject)
    except ValueError:
        index = of_name(dataset, subject)
    else:
        index = of_prefix(dataset, address)
    return content.values[index] if index else None


def of_prefix(dataset, address):
    if address.version == 4:
        prefixes = zip(dataset.first4, dataset.length4, dataset.value4, strict=True)
    else:
        firsts = [a << 64 | b for a, b in zip(dataset.first6[::2], dataset.first6[1::2], strict=True)]
        prefixes = zip(firsts, dataset.length6, dataset.value6, strict=True)
    bits = address.max_prefixlen
    found = [
        (length, value) for first, length, value in prefixes if first >> bits - length == int(address) >> bits - length
    ]
    return max(found, default=(0, EXCLUDED))[1]


def of_name(dataset, name):
    entries = list(zip(dataset.names, dataset.covers, dataset.value_of_name, strict=True))
    itself = {each: value for each, covers, value in entries if covers & Covers.ITSELF}
    below = {each: value for each, covers, value in entries if covers & Covers.BELOW}
    if name in itself:
        return itself[name]
    labels = name.split(".")
    for at in range(1, len(labels)):
        if (above := ".".join(labels[at:])) in below:
            return below[above]
    return EXCLUDED


def filled(text, subject):
    made = ""
    while text:
        if text.startswith("$$"):
            made, text = made + "$", text[2:]
        elif text.startswith("$"):
            made, text = made + subject, text[1:]
        else:
            made, text = made + text[0], text[1:]
    return made


def entries(content):
    """Everything a zone lists, as a person would say it, without the order of entries and the numbers of values."""
    found = []
    for each in content.datasets:
        firsts = [a << 64 | b for a, b in zip(each.first6[::2], each.first6[1::2], strict=True)]
        for keys, values in (
            (zip(each.first4, each.length4, strict=True), each.value4),
            (zip(firsts, each.length6, strict=True), each.value6),
            (zip(each.names, map(int, each.covers), strict=True), each.value_of_name),
        ):
            found += [(each.name, key, content.values[value]) for key, value in zip(keys, values, strict=True)]
    return sorted(found, key=repr)
