"""Where the top-level folders are: in the tree, or inside the installed wheel."""

from pathlib import Path

_PACKAGE = Path(__file__).parent


def folder(name: str) -> Path:
    """templates, tenants, static, locale: absolute."""
    inside = _PACKAGE / "_data" / name
    return inside if inside.exists() else _PACKAGE.parent.parent / name
