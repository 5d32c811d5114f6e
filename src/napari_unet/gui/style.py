"""How the panel looks: colours taken from napari's theme, and one style sheet that follows it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from napari.settings import get_settings
from napari.utils.theme import available_themes, get_theme
from qtpy.QtCore import QEvent, QObject, Qt, QTimer
from qtpy.QtGui import QColor, QPalette
from qtpy.QtWidgets import QWidget

READABLE = 4.5
"""Least contrast of text with what is behind it (WCAG 2.2, success criterion 1.4.3)."""

VISIBLE = 3.0
"""Least contrast of lines and marks (WCAG 2.2, success criterion 1.4.11)."""


@dataclass(frozen=True)
class Colours:
    """The colours of the panel under the theme of the moment."""

    text: QColor
    quiet: QColor
    """Text that should not call for attention."""
    line: QColor
    background: QColor
    raised: QColor
    """Behind cards, current rows and plots."""
    button: QColor
    hover: QColor
    accent: QColor
    """Behind the one button that matters most."""
    on_accent: QColor
    good: QColor
    warning: QColor
    error: QColor
    loss: QColor
    score: QColor
    theme: str
    """Name of the napari theme; empty if it is none of napari's."""


def contrast(one: QColor, other: QColor) -> float:
    """Contrast ratio of two colours, 1 to 21, as defined by WCAG 2.2."""
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def mixed(one: QColor, other: QColor, share: float) -> QColor:
    """`one` with a share (0 to 1) of `other` in it."""
    pairs = zip(one.getRgb()[:3], other.getRgb()[:3], strict=True)
    return QColor(*(round(a + (b - a) * share) for a, b in pairs))


def readable(colour: QColor, background: QColor, ratio: float = READABLE) -> QColor:
    """`colour`, moved towards white or black until it stands out from `background`."""
    ends = (QColor(Qt.GlobalColor.white), QColor(Qt.GlobalColor.black))
    end = max(ends, key=lambda candidate: contrast(candidate, background))
    for tenth in range(11):
        result = mixed(colour, end, tenth / 10)
        if contrast(result, background) >= ratio:
            break
    return result


def colours_of(widget: QWidget) -> Colours:
    """The colours to paint `widget` with, from the style it stands in."""
    palette = widget.palette()
    active = QPalette.ColorGroup.Active
    window = palette.color(active, QPalette.ColorRole.Window)
    text = palette.color(active, QPalette.ColorRole.WindowText)
    return _colours(window.name(), text.name())


def set_role(widget: QWidget, role: str) -> None:
    """Give `widget` a role in the panel's style sheet, for example ``"main"`` or ``"quiet"``."""
    if widget.property("role") == role:
        return
    widget.setProperty("role", role)
    style = widget.style()
    if style is not None:
        style.unpolish(widget)
        style.polish(widget)


def follow_theme(root: QWidget) -> None:
    """Dress `root` and all inside it in the panel's style, now and after each theme change."""
    _ThemeFollower(root).apply()


class _ThemeFollower(QObject):
    """Renews the style sheet of its parent whenever napari's style reaches it.

    It waits until the events are through: half-way, Qt hands out palettes of neither style.
    """

    def __init__(self, root: QWidget) -> None:
        super().__init__(root)
        self._root = root
        self._later = QTimer(self)
        self._later.setSingleShot(True)
        self._later.setInterval(0)
        self._later.timeout.connect(self.apply)
        root.installEventFilter(self)

    def apply(self) -> None:
        """Set the style sheet, unless it is the right one already."""
        sheet = _style_sheet(colours_of(self._root), get_settings().appearance.font_size)
        if sheet != self._root.styleSheet():
            self._root.setStyleSheet(sheet)

    def eventFilter(self, _watched: QObject | None, event: QEvent | None) -> bool:
        """Notice a change of style or palette; let it through."""
        if event is not None and event.type() in (
            QEvent.Type.StyleChange,
            QEvent.Type.PaletteChange,
        ):
            self._later.start()
        return False


def _luminance(colour: QColor) -> float:
    """Relative luminance, 0 to 1 (WCAG 2.2)."""
    linear = [
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4
        for c in (channel / 255 for channel in colour.getRgb()[:3])
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _theme_colours(window: QColor) -> tuple[str, dict[str, QColor]]:
    """Name and colours of the napari theme with this background; empty if there is none."""
    wanted = ("foreground", "primary", "highlight", "current", "warning", "error")
    for name in available_themes():
        if name == "system":  # an alias of one of the others
            continue
        theme = get_theme(name)
        if QColor(*theme.background.as_rgb_tuple()[:3]).name() == window.name():
            found = {key: QColor(*getattr(theme, key).as_rgb_tuple()[:3]) for key in wanted}
            return name, found
    return "", {}


@lru_cache(maxsize=16)
def _colours(window: str, text_name: str) -> Colours:
    back, text = QColor(window), QColor(text_name)
    name, theme = _theme_colours(back)
    raised = theme.get("foreground", mixed(back, text, 0.06))
    accent = theme.get("current", QColor("#4560c4"))
    # blue, orange and green of Okabe & Ito's colour-blind safe palette (2008)
    blue, orange, green = QColor("#0072b2"), QColor("#e69f00"), QColor("#009e73")
    return Colours(
        text=text,
        quiet=readable(mixed(text, back, 0.35), raised),
        line=mixed(back, text, 0.16),
        background=back,
        raised=raised,
        button=theme.get("primary", mixed(back, text, 0.16)),
        hover=theme.get("highlight", mixed(back, text, 0.24)),
        accent=accent,
        on_accent=readable(text, accent),
        good=readable(green, back),
        warning=readable(theme.get("warning", orange), back),
        error=readable(theme.get("error", QColor("#d0342c")), back),
        loss=readable(blue, raised, VISIBLE + 1),
        score=readable(orange, raised, VISIBLE),
        theme=name,
    )


def _style_sheet(colours: Colours, points: int) -> str:
    """The panel's style sheet. Sizes hang on napari's own font size, in points."""
    names = {
        key: value.name() if isinstance(value, QColor) else value
        for key, value in vars(colours).items()
    }
    names |= {"accent_hover": mixed(colours.accent, colours.text, 0.12).name()}
    names |= {"off": mixed(colours.text, colours.background, 0.55).name()}
    return _SHEET.format(small=points, tiny=max(points - 1, 6), normal=points + 1, **names)


_SHEET = """
QLabel[role="quiet"], QLabel[role="link"] {{ color: {quiet}; font-size: {small}pt; }}
QLabel[role="number"] {{ color: {quiet}; font-size: {small}pt; }}
QLabel[role="title"] {{ font-weight: bold; font-size: {normal}pt; }}
QLabel[role="badge"] {{
    background-color: {button}; color: {text}; border-radius: 9px; padding: 0px;
    font-size: {small}pt; font-weight: bold;
    min-width: 18px; max-width: 18px; min-height: 18px; max-height: 18px;
}}
QLabel[role="key"] {{
    color: {quiet}; border: 1px solid {line}; border-radius: 3px; padding: 0px 3px;
    font-size: {tiny}pt; max-height: 15px;
}}
QFrame[role="rule"] {{ background-color: {line}; min-height: 1px; max-height: 1px; padding: 0px; }}
QFrame[role="row"] {{ border-radius: 3px; padding: 0px; border: 1px solid transparent; }}
QFrame[role="row"]:hover {{ background-color: {raised}; }}
QFrame[role="current"] {{
    background-color: {raised}; border-radius: 3px; padding: 0px; border: 1px solid {accent};
}}
QFrame[role="row"]:focus, QFrame[role="current"]:focus {{ border: 1px solid {text}; }}
QFrame[role="row"] QLabel, QFrame[role="current"] QLabel {{ background: none; }}
QFrame[role="advice"] {{ background-color: {raised}; border-radius: 4px; padding: 0px; }}
QFrame[role="advice"] QLabel {{ font-size: {small}pt; }}
QPushButton {{ font-size: {small}pt; padding: 3px 8px; border: 1px solid transparent; }}
QPushButton:focus, QToolButton:focus {{ border: 1px solid {text}; }}
QPushButton[role="main"], QPushButton[role="next"] {{
    font-size: {normal}pt; font-weight: bold; padding: 6px; border-radius: 4px;
}}
QPushButton[role="main"] {{ background-color: {accent}; color: {on_accent}; }}
QPushButton[role="main"]:hover {{ background-color: {accent_hover}; }}
QPushButton[role="main"]:disabled, QPushButton[role="next"]:disabled {{
    background-color: {raised}; color: {off}; border: 1px solid {line};
}}
QToolButton {{
    background: none; border: 1px solid transparent; border-radius: 3px; padding: 1px 4px;
    font-size: {small}pt; color: {text};
}}
QToolButton:hover {{ background-color: {hover}; }}
QToolButton:disabled {{ color: {off}; background: none; }}
QToolButton[role="header"] {{ font-weight: bold; font-size: {normal}pt; padding: 2px 0px; }}
QToolButton[role="header"]:hover {{ background-color: {raised}; }}
QToolButton[role="button"] {{ background-color: {button}; }}
QToolButton[role="button"]:hover {{ background-color: {hover}; }}
QToolButton[role="button"][popupMode="1"] {{ padding-right: 18px; }}
QToolButton::menu-indicator {{ image: none; width: 0px; }}
QComboBox {{ font-size: {small}pt; padding: 2px 4px 2px 6px; border: 1px solid transparent; }}
QComboBox:focus, QAbstractSpinBox:focus, QLineEdit:focus {{ border: 1px solid {accent}; }}
QComboBox:disabled {{ background-color: {raised}; color: {off}; border: 1px solid {line}; }}
QComboBox::drop-down {{ width: 20px; }}
QCheckBox {{ font-size: {small}pt; }}
QAbstractSpinBox {{ font-size: {small}pt; min-width: 56px; }}
QAbstractSpinBox[role="plain"] {{ min-width: 36px; padding: 1px 4px; }}
QLineEdit {{ font-size: {small}pt; min-height: 16px; padding: 1px; }}
QProgressBar[role="thin"] {{
    border: none; border-radius: 3px; background-color: {raised};
    min-height: 6px; max-height: 6px; padding: 0px;
}}
QProgressBar[role="thin"]::chunk {{ background-color: {loss}; border-radius: 3px; width: 1px; }}
QListWidget[role="checklist"] {{ background-color: {raised}; border-radius: 4px; padding: 2px; }}
QListWidget[role="checklist"]::item {{ min-height: 18px; color: {text}; }}
QListWidget[role="checklist"]::indicator {{
    width: 14px; height: 14px; border-radius: 2px; background-color: {button};
}}
QListWidget[role="checklist"]::indicator:checked {{
    background-color: {accent}; image: url("theme_{theme}:/check.svg");
}}
QListWidget[role="checklist"]::item:hover {{ background-color: {button}; }}
QScrollArea {{ padding: 0px; border: none; }}
"""
