from __future__ import annotations

import numpy as np
from napari.components import ViewerModel
from napari.layers import Labels
from psygnal import Signal

from napari_unet.gui.lifecycle import Lifecycle
from napari_unet.gui.shortcuts import CLASS_KEYS, ClassKeys


class Emitter:
    changed = Signal(int)


def test_closing_undoes_everything_once_last_first() -> None:
    life, order = Lifecycle(), []
    for number in range(3):
        life.at_close(lambda n=number: order.append(n))
    assert not life.closed
    life.close()
    life.close()
    assert life.closed
    assert order == [2, 1, 0]


def test_connections_of_both_kinds_end() -> None:
    life, heard = Lifecycle(), []
    emitter, layer = Emitter(), Labels(np.zeros((4, 4), np.uint8))

    class Hearer:
        def hear(self, event) -> None:
            heard.append(event)

    hearer = Hearer()
    life.connect(emitter.changed, hearer.hear)
    life.connect(layer.events.opacity, hearer.hear)
    emitter.changed.emit(1)
    layer.opacity = 0.3
    assert len(heard) == 2
    life.close()
    emitter.changed.emit(2)
    layer.opacity = 0.5
    assert len(heard) == 2


def test_what_is_gone_already_does_not_stop_the_rest() -> None:
    life, done = Lifecycle(), []

    def gone() -> None:
        raise RuntimeError("wrapped C/C++ object has been deleted")

    life.at_close(lambda: done.append(1))
    life.at_close(gone)
    life.close()
    assert done == [1]


def test_keys_are_bound_and_given_back() -> None:
    viewer, pressed = ViewerModel(), []
    before = dict(viewer.keymap)
    keys = ClassKeys(viewer, pressed.append)
    assert [keys.key_of(n) for n in range(3)] == ["Q", "W", "R"]
    assert keys.key_of(99) == ""
    for function in list(viewer.keymap.values()):
        function(viewer)
    assert sorted(pressed) == list(range(len(CLASS_KEYS)))
    keys.unbind()
    assert dict(viewer.keymap) == before


def test_no_key_of_anybody_else_is_taken() -> None:
    viewer = ViewerModel()

    def theirs(_) -> None:
        pass

    viewer.bind_key("W", theirs)
    keys = ClassKeys(viewer, lambda _: None)
    assert keys.key_of(1) == ""
    keys.unbind()
    assert theirs in viewer.keymap.values()


def test_a_key_bound_anew_by_somebody_else_stays_theirs() -> None:
    viewer = ViewerModel()
    keys = ClassKeys(viewer, lambda _: None)

    def theirs(_) -> None:
        pass

    viewer.bind_key("Q", theirs, overwrite=True)
    keys.unbind()
    assert list(viewer.keymap.values()) == [theirs]
