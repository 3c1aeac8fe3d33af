"""Master files: how texts and names are written in them (RFC 1035 section 5.1)."""

LONGEST_STRING = 255  # bytes of one character-string (RFC 1035 section 3.3)


def quoted(text: str | bytes) -> str:
    """The character-strings of a TXT record: quoted, as many as it takes, bytes outside of ASCII as `\\DDD`."""
    data = text.encode() if isinstance(text, str) else text
    if data.isascii() and len(data) <= LONGEST_STRING:  # nearly all, and there are millions of them
        plain = data.decode()
        if plain.isprintable() and '"' not in plain and "\\" not in plain:
            return f'"{plain}"'
    strings = [data[at : at + LONGEST_STRING] for at in range(0, len(data), LONGEST_STRING)] or [b""]
    return " ".join('"' + "".join(map(_byte, each)) + '"' for each in strings)


def _byte(byte: int) -> str:
    if byte in b'"\\':
        return "\\" + chr(byte)
    return chr(byte) if 0x20 <= byte < 0x7F else f"\\{byte:03}"


def unquoted(text: str) -> str:
    """What the character-strings of a TXT record say together; raises ValueError where that is not UTF-8."""
    data, at, is_inside = bytearray(), 0, False
    while at < len(text):
        char = text[at]
        if char == "\\" and len(number := text[at + 1 : at + 4]) == 3 and number.isdecimal():
            data.append(int(number))
            at += 3
        elif char == "\\":
            at += 1
            data += text[at : at + 1].encode()
        elif char == '"':
            is_inside = not is_inside
        elif char != " " or is_inside:
            data += char.encode()
        at += 1
    return data.decode()
