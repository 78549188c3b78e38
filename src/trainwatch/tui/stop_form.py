"""The stop dialog's fields and keys, without a screen: what was typed, where the focus is, and when it counts."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

Part = Literal["cancel", "id", "stop", "unsaved_word", "unsaved"]
PARTS: tuple[Part, ...] = ("cancel", "id", "stop", "unsaved_word", "unsaved")
"""The order of the focus. It begins on cancel."""

UNSAVED = "UNSAVED"
"""What must be typed besides the run's id to stop without saving."""

Answer = Literal["open", "cancel", "stop", "unsaved"]


@dataclass(slots=True)
class StopForm:
    """A stop is given only by a press on its button while the run's id stands in its field; Enter anywhere else does not stop."""

    run: str
    focus: Part = "cancel"
    typed: dict[str, str] = field(default_factory=lambda: {"id": "", "unsaved_word": ""})
    hint: str = ""

    @property
    def matches(self) -> bool:
        """Whether the run's id was typed."""
        return self.typed["id"] == self.run

    def press(self, key: str, character: str | None = None) -> Answer:
        """Take a key, by Textual's name, with the character it types if any."""
        self.hint = ""
        if key == "escape":
            return "cancel"
        if key in ("tab", "down", "right", "shift+tab", "up", "left"):
            self._move(1 if key in ("tab", "down", "right") else -1)
        elif self.focus in self.typed:
            self._type(key, character)
        elif key in ("enter", "space"):
            return self._push()
        return "open"

    def _move(self, by: int) -> None:
        """Focus the next or the previous part."""
        self.focus = PARTS[(PARTS.index(self.focus) + by) % len(PARTS)]

    def _type(self, key: str, character: str | None) -> None:
        """Change the field that has the focus."""
        text = self.typed[self.focus]
        if key == "backspace":
            self.typed[self.focus] = text[:-1]
        elif key == "enter":
            self.hint = "enter does not confirm: tab to the button"
        elif character and character.isprintable() and len(text) < 80:
            self.typed[self.focus] = text + character

    def _push(self) -> Answer:
        """Press the button that has the focus."""
        if self.focus == "cancel":
            return "cancel"
        if not self.matches:
            self.hint = f"type {self.run} first"
            return "open"
        if self.focus == "unsaved":
            if self.typed["unsaved_word"] != UNSAVED:
                self.hint = f"type {UNSAVED} first"
                return "open"
            return "unsaved"
        return "stop"
