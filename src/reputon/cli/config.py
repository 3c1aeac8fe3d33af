"""reputon config: the configuration in force, defaults marked."""

from reputon.cli import console


def command(path: console.ConfigOption = None, as_json: console.JsonOption = False) -> None:
    """Print the effective configuration: every key, its value, and whether that is the default."""
    from reputon import config

    found = path or config.find()
    settings = config.load(path)
    if as_json:
        console.print_json(
            {
                "file": found,
                "keys": {
                    key: {"value": value, "default": is_default} for key, value, is_default, _ in config.keys(settings)
                },
            }
        )
        return
    console.out.print(f"# {found or 'no file found: all defaults'}", markup=False)
    for key, value, is_default, meaning in config.keys(settings):
        mark = "  (default)" if is_default else ""
        console.out.print(f"{key} = {_toml(value)}{mark}", markup=False, style="dim" if is_default else "bold")
        console.out.print(f"    {meaning}", markup=False, style="dim")


def _toml(value: object) -> str:
    if value is None:
        return "(unset)"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return "[" + ", ".join(_toml(item) for item in value) + "]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key} = {_toml(item)}" for key, item in value.items()) + "}"
    return str(value) if isinstance(value, (int, float)) else f'"{value}"'
