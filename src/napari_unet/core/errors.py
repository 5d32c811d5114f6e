"""Every error a user can meet; each message ends by saying what to do next."""

from __future__ import annotations


class UNetError(Exception):
    """Something the user can put right; the message is one or two plain sentences."""


class PaintError(UNetError):
    """The paint cannot be learned from as it is."""


class NothingPainted(PaintError):
    """The paint layer holds no paint at all."""


class OneClassOnly(PaintError):
    """Only one class is painted, so there is nothing to tell apart."""


class ShapeMismatch(UNetError):
    """Image and paint (or two channels) do not cover the same pixels."""


class AxesError(UNetError):
    """The axes said for an array do not fit its shape or its use."""


class FlatImage(UNetError):
    """The image has one value everywhere, or no finite value at all."""


class ChannelMismatch(UNetError):
    """The image has another number of channels than the model was trained on."""


class ModelFileError(UNetError):
    """A model file cannot be used."""


class DamagedModel(ModelFileError):
    """The file is cut short or its content does not match its own description."""


class ForeignModel(ModelFileError):
    """The file is not a model of this program."""


class NewerModel(ModelFileError):
    """The file was written by a later version of this program."""


class UnknownPreset(UNetError):
    """No network preset has that name."""


class DeviceUnavailable(UNetError):
    """The chosen device does not exist here."""


class OutOfMemory(UNetError):
    """Memory ran out on every device and at every size that was tried."""


class OutputExists(UNetError):
    """A file stands where the result would go."""


class OtherResult(OutputExists):
    """An unfinished result stands where another one would go."""


class MissingPackage(UNetError):
    """A package that is not always there is needed for this."""


class UnreadableImage(UNetError):
    """A file cannot be read as an image."""


class JobFailed(UNetError):
    """Work in the background ended in an error that is not the user's."""


class InvalidSetting(UNetError):
    """A setting has a value it cannot have."""
