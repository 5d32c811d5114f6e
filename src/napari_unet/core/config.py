"""Every setting, once: its title, help and limits feed the form, the shell and the model card."""

from __future__ import annotations

from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from napari_unet.core.errors import UnknownPreset
from napari_unet.core.volume_plan import VolumePlan

DeviceName = str
"""``"auto"``, ``"cpu"``, ``"cuda"``, ``"cuda:1"``, ``"mps"``."""


class Config(BaseModel):
    """A frozen set of settings that refuses unknown names."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    def changed(self, **changes: Any) -> Any:
        """A validated copy with some settings changed."""
        return type(self)(**{**self.model_dump(), **changes})


class ModelConfig(Config):
    """The shape of a U-Net (Ronneberger et al. 2015, arXiv:1505.04597)."""

    dimensions: Literal[2, 3] = Field(2, title="Dimensions", description="2D or 3D network.")
    input_channels: int = Field(1, ge=1, title="Channels", description="Channels of the image.")
    base_width: int = Field(
        16, ge=1, le=256, title="Width", description="Feature maps at full resolution."
    )
    depth: int = Field(3, ge=1, le=6, title="Depth", description="How often the image is halved.")
    classes: int = Field(2, ge=2, le=254, title="Classes", description="Classes told apart.")
    feature_count: int | None = Field(
        None,
        ge=1,
        title="Features",
        description="A last 3x3 convolution to this many feature maps before the class head.",
    )
    upsampling: Literal["transpose", "resize"] = Field(
        "resize", title="Up-sampling", description="Transposed convolution, or resize and convolve."
    )
    normalisation: Literal["none", "batch", "group", "instance"] = Field(
        "batch", title="Normalisation", description="Normalisation after each convolution."
    )
    dropout: float = Field(
        0.0, ge=0, lt=1, title="Dropout", description="Dropout at the two deepest levels."
    )
    padding: Literal["same", "valid"] = Field(
        "same", title="Padding", description="Pad convolutions, or let them shrink the image."
    )
    filter_bank: bool = Field(
        True,
        title="Filter bank",
        description="Feed classical filters (edges, ridges, blobs) to the network and its head.",
    )
    head_levels: int = Field(
        4, ge=1, le=7, title="Head levels", description="Decoder levels the class head reads."
    )
    output: Literal["softmax", "sigmoid"] = Field(
        "softmax",
        title="Output",
        description="One score per class, or one score for the second of two classes.",
    )
    plan: VolumePlan | None = Field(
        None,
        title="Plan",
        description="Pooling and kernels of a 3D network, from the spacing of its first image.",
    )

    @model_validator(mode="after")
    def _plan_fits(self) -> Self:
        if self.plan and (self.dimensions != 3 or len(self.plan.strides) != self.depth):
            raise ValueError("the plan is for another network")
        return self


_HISTORICAL = {"base_width": 64, "depth": 4, "normalisation": "none", "filter_bank": False,
               "head_levels": 1, "output": "sigmoid"}  # fmt: skip

PRESETS: dict[str, ModelConfig] = {
    "fast": ModelConfig(),
    "standard": ModelConfig(base_width=32, depth=4),
    "large": ModelConfig(base_width=64, depth=4),
    "classic-transpose": ModelConfig(input_channels=3, upsampling="transpose", **_HISTORICAL),
    "classic-resize": ModelConfig(
        input_channels=1, upsampling="resize", dropout=0.5, feature_count=2, **_HISTORICAL
    ),
}


def preset(name: str, **changes: Any) -> ModelConfig:
    """Return the preset of that name with some settings changed.

    Raises
    ------
    UnknownPreset
        If there is no such preset.
    """
    if name not in PRESETS:
        raise UnknownPreset(f"There is no preset {name!r}. Choose one of {', '.join(PRESETS)}.")
    return PRESETS[name].changed(**changes)


class AugmentConfig(Config):
    """How each patch is varied before the network sees it."""

    flips: bool = Field(True, title="Flips", description="Mirror along each axis.")
    right_angles: bool = Field(True, title="Right angles", description="Turn by 90 degrees.")
    scale: float = Field(
        0.2, ge=0, le=0.9, title="Scale", description="Enlarge or shrink by up to this share."
    )
    elastic: float = Field(
        3.0, ge=0, title="Elastic", description="Bend by up to this many pixels."
    )
    intensity: float = Field(
        0.03, ge=0, le=1, title="Intensity", description="Change brightness and contrast."
    )
    noise: float = Field(
        0.05, ge=0, le=1, title="Noise", description="Add noise of up to this strength."
    )


class TrainConfig(Config):
    """How a network learns from paint."""

    max_seconds: float | None = Field(
        60.0, ge=0, title="Seconds", description="Time to learn; 0 gives the instant answer only."
    )
    max_steps: int | None = Field(
        None, ge=0, title="Steps", description="Number of learning steps, whatever they take."
    )
    patch_size: int = Field(
        320, ge=16, le=1024, multiple_of=16, title="Patch",
        description="Side of the square the network learns from; in 3D, a box of as many pixels.",
    )  # fmt: skip
    batch_size: int = Field(2, ge=1, le=256, title="Batch", description="Patches per step.")
    learning_rate: float = Field(
        1e-3, gt=0, le=1, title="Learning rate", description="Size of the largest step."
    )
    weight_decay: float = Field(
        1e-3, ge=0, title="Weight decay", description="Pull of the weights towards zero."
    )
    optimiser: Literal["adamw", "adam"] = Field(
        "adamw", title="Optimiser", description="AdamW, or Adam as the historical networks."
    )
    loss: Literal["cross-entropy", "cross-entropy+dice", "binary-cross-entropy"] = Field(
        "cross-entropy", title="Loss", description="What is made small on painted pixels."
    )
    agreement: float = Field(
        1.0, ge=0, le=10, title="Agreement",
        description="How much to keep to the instant answer where nobody painted.",
    )  # fmt: skip
    channel_dropout: float = Field(
        0.1, ge=0, le=0.9, title="Drop channel",
        description="How often each of several channels is left out, so that the model can do "
        "without it. Colours always stay together.",
    )  # fmt: skip
    augment: AugmentConfig = AugmentConfig()
    schedule: Literal["cosine", "constant"] = Field(
        "cosine", title="Schedule", description="How the learning rate falls over the budget."
    )
    finish: float = Field(
        0.4, ge=0, le=0.9, title="Finish",
        description="Share of the time, at the end, in which held-out strokes are learned too.",
    )  # fmt: skip
    average_decay: float = Field(
        0.97, ge=0, lt=1, title="Averaging",
        description="How slowly the averaged weights follow the trained ones.",
    )  # fmt: skip
    held_out: float = Field(
        0.2, ge=0, le=0.5, title="Held out",
        description="Share of the strokes kept back to score the model.",
    )  # fmt: skip
    patience: int = Field(
        12, ge=1, title="Patience", description="Scores without improvement before it ends early."
    )
    score_every: int | None = Field(
        None, ge=1, title="Score every", description="Steps between scores; by time if empty."
    )
    best_by: Literal["score", "loss"] = Field(
        "score", title="Best by", description="What decides which weights are the best."
    )
    seed: int = Field(0, ge=0, title="Seed", description="The same seed gives the same run.")
    precision: Literal["auto", "float32", "bfloat16", "float16"] = Field(
        "auto", title="Precision", description="Number format; auto takes the fastest exact one."
    )
    device: DeviceName = Field("auto", title="Device", description="auto, cpu, cuda or mps.")

    @property
    def takes_no_step(self) -> bool:
        """True if nothing but the instant answer is asked for."""
        return self.max_seconds == 0 or self.max_steps == 0


class PredictConfig(Config):
    """How a model is applied to an image."""

    tile_size: int | None = Field(
        None, ge=16, title="Tile", description="Side of a tile; chosen from free memory if empty."
    )
    halo: int | None = Field(
        None, ge=0, title="Halo", description="Context around a tile; from the network if empty."
    )
    flips: bool = Field(
        False, title="Test-time flips", description="Average over mirrored copies; slower."
    )
    normalisation: Literal["image", "training"] = Field(
        "image", title="Intensities",
        description="Normalise by each image's own range, or by that of the training images.",
    )  # fmt: skip
    statistics: Literal["both", "image", "training"] = Field(
        "both", title="Statistics",
        description="Feature statistics measured on each image, kept from training, or both mixed.",
    )  # fmt: skip
    rescale: Literal["ask", "off", "on"] = Field(
        "ask", title="Rescale",
        description="Look at images of another pixel size at that of training; ask only says so.",
    )  # fmt: skip
    threshold: float | None = Field(
        None, ge=0, le=1, title="Threshold",
        description="Probability needed to leave the background; the likeliest class if empty.",
    )  # fmt: skip
    smallest_object: int = Field(
        0, ge=0, title="Smallest object", description="Remove objects of fewer pixels."
    )
    fill_holes: int = Field(
        0, ge=0, title="Fill holes", description="Fill holes of at most this many pixels."
    )
    precision: Literal["auto", "float32", "bfloat16", "float16"] = Field(
        "auto", title="Precision", description="Number format; auto takes the fastest exact one."
    )
    device: DeviceName = Field("auto", title="Device", description="auto, cpu, cuda or mps.")
