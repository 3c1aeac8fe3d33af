"""What a store holds, in words."""

from reputon.evidence import rows
from reputon.subject import address_text


def held(store):
    """The rows of a store with the names of sources, tenants and kinds."""
    found = store.rows().to_pylist()
    names = store.names({row[name] for row in found for name in ("source", "tenant")})
    return [
        row | {
            "source": names[row["source"]], "kind": str(rows.KINDS[row["kind"]]),
            "tenant": names[row["tenant"]] if row["tenant"] else f"unauth@{address_text(row['subject'])}",
        }
        for row in found
    ]  # fmt: skip
