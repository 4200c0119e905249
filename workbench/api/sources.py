"""Images on disk as the API takes them: one folder, several, or names with folders."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from workbench.config.data import ImageSource
from workbench.errors import ConfigError
from workbench.system.text import check_name

Images = str | Path | Sequence[str | Path] | Mapping[str, str | Path]
"""A folder, a list of folders, or folders by name; a string may be `NAME=FOLDER`, too."""

_EMBEDDED = "embedded:"


def source_texts(images: Images | None) -> tuple[str, ...]:
    """Return each source as `FOLDER` or `NAME=FOLDER`; none for None."""
    if images is None:
        return ()
    if isinstance(images, str | Path):
        return (str(images),)
    if isinstance(images, Mapping):
        return tuple(f"{name}={folder}" for name, folder in images.items())
    return tuple(str(folder) for folder in images)


def image_sources(images: Images, argument: str) -> tuple[ImageSource, ...]:
    """Return named sources; a folder without a name is called as the folder itself.

    Args:
        images: At least one.
        argument: What errors call it.

    Raises:
        ConfigError: For no folder, an empty name, or two of one name.
    """
    sources = tuple(_source(text, argument) for text in source_texts(images))
    names = [source.name for source in sources]
    if not names:
        raise ConfigError(f"{argument} must name at least one folder of images")
    for name in names:
        if names.count(name) > 1:
            raise ConfigError(f"{argument}: {name!r} is there twice; give {{name: folder}}")
    return sources


def _source(text: str, argument: str) -> ImageSource:
    name, equals, folder = text.partition("=")
    if not equals:
        name, folder = Path(text).resolve().name, text
    if not name or not folder:
        raise ConfigError(f"{argument} must be a folder, or names with folders, got {text!r}")
    if not folder.startswith(_EMBEDDED):
        folder = str(Path(folder).expanduser().absolute())
    return ImageSource(name=check_name(name, argument), folder=folder)
