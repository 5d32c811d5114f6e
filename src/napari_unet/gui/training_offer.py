"""Offers the best model of a training that was cut short."""

from __future__ import annotations

from napari_unet.app.session import Session
from napari_unet.app.training_keeper import CutShort
from napari_unet.gui.lifecycle import Lifecycle
from napari_unet.gui.offer_line import OfferLine


class TrainingOffer(OfferLine):
    """The line that offers it; hidden while there is nothing to offer.

    Parameters
    ----------
    session : Session
    lifecycle : Lifecycle
        At its end, what was learned so far is kept.
    """

    def __init__(self, session: Session, lifecycle: Lifecycle) -> None:
        super().__init__(
            ("Continue from it", "Load the model; Train then goes on from it"),
            ("Not now", "Leave the model in the list of models"),
        )
        self._session = session
        self.accepted.connect(self._on_accept)
        self.declined.connect(session.keeper.take)
        session.keeper.offer_changed.connect(self._on_offer)
        lifecycle.at_close(session.keeper.close)
        session.keeper.look()

    def _on_offer(self, offer: CutShort | None) -> None:
        self.set_sentence(offer.sentence if offer is not None else "")

    def _on_accept(self) -> None:
        path = self._session.keeper.take()
        if path is not None:
            self._session.models.load(path)
