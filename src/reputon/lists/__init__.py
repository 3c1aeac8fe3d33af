"""Lists: the lists there are: zones, codes, meanings, removal, as data with its origin (TOML files)."""

from reputon.lists.blocklist import BlockList, Code, Pattern, Standing
from reputon.lists.catalogue import Catalogue, Mirror
from reputon.lists.reading import CatalogueError, load

__all__ = ["BlockList", "Catalogue", "CatalogueError", "Code", "Mirror", "Pattern", "Standing", "load"]
