"""Bundles: a network's weights (safetensors) and its card (JSON), side by side in a folder.

The built-in ones lie in ``weights/``, the user's own in `user_folder`.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy.typing as npt

from napari_brats.core.errors import BundleError, SaveError
from napari_brats.core.user_folders import user_data
from napari_brats.io.atomic import write_atomically
from napari_brats.models.card import Card, card_to_json, read_card, read_part
from napari_brats.models.configs import NetworkConfig, config_of

if TYPE_CHECKING:
    from torch import nn

    from napari_brats.models.network import Network

BUILT_IN = Path(__file__).parent / "weights"
DEFAULT_BUNDLE = "glioma-unet3d"
USER_BUNDLES = "NAPARI_BRATS_BUNDLES"
"""The environment variable that says where the user's bundles are, if not at the usual place."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


@dataclass(frozen=True, eq=False)
class Bundle:
    """A card and where its weights lie, which `load_arrays` and `load_network` read."""

    card: Card
    weights: Path

    @property
    def is_users(self) -> bool:
        """Whether it is a bundle of the user's and not one of those that ship."""
        return self.weights.parent != BUILT_IN

    @property
    def config(self) -> NetworkConfig:
        """The network's configuration; BundleError if this version does not know it."""
        return config_of(self.card.network, self.card.arguments)

    def load_arrays(self) -> dict[str, npt.NDArray[Any]]:
        """The weights by name, as stored, for whoever runs them without torch.

        BundleError if the file does not match the card's sha256.
        """
        import safetensors.numpy

        return safetensors.numpy.load(self._verified_weights())

    def load_network(self) -> Network:
        """The network with its weights, float32, in evaluation mode, on the CPU.

        BundleError if the file does not match the card's sha256 or architecture.
        """
        import safetensors.torch
        import torch

        from napari_brats.models.networks import build_network

        payload = self._verified_weights()
        with torch.device("meta"):  # no time is lost on random weights
            network = build_network(self.card.network, self.card.arguments)
        stored = safetensors.torch.load(payload)
        state = {k: v.float() if v.is_floating_point() else v for k, v in stored.items()}
        try:
            network.load_state_dict(state, assign=True)
        except RuntimeError as error:
            raise self.misfit(error) from error
        return network.eval()

    def misfit(self, error: Exception) -> BundleError:
        """What to raise where the weights are not those of the card's network."""
        return BundleError(
            f"The weights {self.weights} do not fit the network its card describes: {error}"
        )

    def _verified_weights(self) -> bytes:
        payload = read_part(self.weights, "the weights")
        found = hashlib.sha256(payload).hexdigest()
        if found != self.card.sha256:
            raise BundleError(
                f"The weights of bundle '{self.card.name}' are not the ones its card describes: "
                f"{self.weights} has sha256 {found[:16]}..., expected "
                f"{self.card.sha256[:16]}.... Nothing was run. Reinstall the package or bundle."
            )
        return payload


@dataclass(frozen=True)
class BundleList:
    """The bundles at hand, and in words why others that were found are not among them."""

    bundles: tuple[Bundle, ...]
    problems: tuple[str, ...]


def user_folder() -> Path:
    """Where the user's own bundles lie; it need not exist.

    The folder in the environment variable `USER_BUNDLES`, else ``napari-brats/bundles`` where the
    system keeps the data of programs, see `user_data`.
    """
    return user_data(USER_BUNDLES, "bundles")


def find_bundles(task: str | None = "segment") -> BundleList:
    """All bundles for a task (any for None): the default one, the other built-in ones, the user's.

    A card that cannot be used is left out, and said to be.
    """
    found: dict[str, Bundle] = {}
    problems: list[str] = []
    for path in _card_paths():
        try:
            bundle = _open(path)
        except BundleError as error:
            problems.append(str(error))
            continue
        if found.setdefault(path.stem.casefold(), bundle) is not bundle:
            problems.append(
                f"The bundle {path} was left out: another one is called '{path.stem}', too. "
                f"Rename its two files."
            )
    fitting = (bundle for bundle in found.values() if task in (bundle.card.task, None))
    in_order = sorted(fitting, key=lambda b: (b.card.name != DEFAULT_BUNDLE, b.is_users))
    return BundleList(tuple(in_order), tuple(problems))


def list_bundles(task: str = "segment") -> tuple[Card, ...]:
    """The cards of all bundles for a task, the default one first; see `find_bundles`."""
    return tuple(bundle.card for bundle in find_bundles(task).bundles)


def load_bundle(name: str = DEFAULT_BUNDLE) -> Bundle:
    """The bundle called ``name``, of any task, or the one whose card or weights lie at that path.

    BundleError listing the known ones if there is none, or telling what is wrong with its card.
    """
    if name.endswith((".json", ".safetensors")):
        return _open(Path(name).expanduser().with_suffix(".json"))
    for path in _card_paths():
        if path.stem.casefold() == name.casefold():
            return _open(path)
    known = ", ".join(path.stem for path in _card_paths()) or "none"
    raise BundleError(
        f"There is no bundle '{name}'. Known: {known}. The path of a card (.json) is understood, "
        f"too."
    )


def require_new_name(name: str, directory: Path, *, overwrite: bool = False) -> None:
    """BundleError if a bundle must not be made under this name in ``directory``.

    It must be a word that can be a file's name, no built-in bundle's name in the user's folder,
    and new unless ``overwrite``.
    """
    if not _NAME.fullmatch(name) or name.endswith((".json", ".safetensors")):
        raise BundleError(
            f"'{name}' is no name for a bundle. Expected one word of letters, digits, '-', '_' "
            f"and '.', such as my-clinic-2."
        )
    built_in = {path.stem.casefold() for path in _cards_in(BUILT_IN)}
    if name.casefold() in built_in and directory.resolve() == user_folder().resolve():
        raise BundleError(f"'{name}' is the name of a built-in bundle. Choose another one.")
    if (directory / f"{name}.json").exists() and not overwrite:
        raise BundleError(
            f"There is a bundle '{name}' in {directory} already; it is left as it is. Choose "
            f"another name, or agree to replace it (command line: --overwrite)."
        )


def save_bundle(network: nn.Module, card: Card, directory: Path = BUILT_IN) -> Bundle:
    """Write fp16 weights and the card (its sha256 filled in) into ``directory``.

    The weights come first and a former card goes before them, so that whatever happens in between,
    no card stands beside weights that are not its own. BundleError if the disk does not allow it.
    """
    import safetensors.torch
    import torch

    tensors = {
        key: (value.half() if value.is_floating_point() else value).contiguous(
            memory_format=torch.contiguous_format
        )
        for key, value in network.state_dict().items()
    }
    payload = safetensors.torch.save(tensors)
    card = replace(card, sha256=hashlib.sha256(payload).hexdigest())
    path = directory / f"{card.name}.json"
    try:
        directory.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        write_atomically(path.with_suffix(".safetensors"), payload, overwrite=True)
        write_atomically(path, card_to_json(card), overwrite=True)
    except (OSError, SaveError) as error:
        raise BundleError(f"The bundle '{card.name}' could not be written: {error}") from error
    return _open(path)


def store_card(bundle: Bundle, card: Card) -> Bundle:
    """Replace the card of a bundle whose weights stay as they are.

    BundleError if the new card is for other weights, or the disk does not allow it.
    """
    if card.sha256 != bundle.card.sha256:
        raise BundleError(
            f"The new card of bundle '{bundle.card.name}' is for other weights (sha256 "
            f"{card.sha256[:16]}..., expected {bundle.card.sha256[:16]}...). Nothing was written."
        )
    path = bundle.weights.with_suffix(".json")
    try:
        write_atomically(path, card_to_json(card), overwrite=True)
    except (OSError, SaveError) as error:
        raise BundleError(f"The card {path} could not be written: {error}") from error
    return _open(path)


def _card_paths() -> Iterable[Path]:
    return (*_cards_in(BUILT_IN), *_cards_in(user_folder()))


def _cards_in(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.json"))


def _open(path: Path) -> Bundle:
    """The bundle of a card; BundleError if the card is damaged or its weights are missing."""
    card = read_card(path)
    weights = path.with_suffix(".safetensors")
    if not weights.is_file():
        raise BundleError(
            f"The weights of bundle '{card.name}' cannot be read: {weights} is not there. "
            f"Copy both files of a bundle, the card and the weights."
        )
    return Bundle(card, weights)
