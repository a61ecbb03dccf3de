"""Whether the live version can be compared with, found before a training and not after it."""

from classifier import folders, registry
from classifier.registry import RegistryError


class ChampionError(Exception):
    """The live version's folder is missing or damaged; the message says what to do."""


def check() -> None:
    """Load the live version, if there is one, as the comparison will; ChampionError if it cannot.

    Otherwise a training of hours would end at the comparison, and "nothing has changed" would
    hide for ever that what is live cannot be served.
    """
    version = registry.live_version()
    if version is None:
        return
    try:
        registry.load(version)
    except RegistryError as error:
        raise ChampionError(
            f"Nothing was trained, for the live version {version} cannot be compared with: "
            f"{str(error).removesuffix(folders.WAY_OUT).strip()} Put it back from a backup "
            "(manage.py register FOLDER), make another version live (manage.py activate), or "
            "train without comparing (manage.py train)."
        ) from error
