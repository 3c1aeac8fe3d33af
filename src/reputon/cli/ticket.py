"""reputon ticket: the text that the provider's support needs, from the bounces."""

from reputon.cli import bounces, console


def command(
    paths: bounces.PathsArgument,
    offline: bounces.OfflineOption = False,
    world: bounces.WorldOption = None,
    config_path: console.ConfigOption = None,
    as_json: console.JsonOption = False,
) -> None:
    """Write a ticket to the provider whose shared address is listed.

    Exit codes: 0 written, 2 bad usage or input, 3 no bounce blames a provider.
    """
    from reputon import config
    from reputon.cause import providers
    from reputon.remedy import ticket

    settings = config.load(config_path)
    found = list(bounces.diagnosed(paths, settings, lambda each: each, offline=offline, world=world))
    known = providers.load(settings.cause.providers)
    blamed = [each.cause.provider for each in found if each.cause and each.cause.id in ticket.CAUSES]
    named = list(dict.fromkeys(name for name in blamed if name))
    if not named:
        causes = ", ".join(sorted({each.cause.id for each in found if each.cause})) or "no refusal"
        console.fail(f"nothing to ask a provider for: {causes}; see `reputon diagnose`", console.Exit.UNKNOWN)
    for name in named:
        text = ticket.write(found, known[name])
        if as_json:
            console.print_json({"provider": name, "portal": known[name].support.url, "text": text})
        else:
            console.out.print(text, markup=False, soft_wrap=True)
