"""The terminal's own colours, so that what is read fits a dark and a light one; meaning never hangs on a colour."""

from __future__ import annotations

from dataclasses import replace

from textual.theme import BUILTIN_THEMES

DARK = BUILTIN_THEMES["ansi-dark"]

TERMINAL = replace(
    DARK,
    name="terminal",
    primary="ansi_blue",
    warning="ansi_default",
    error="ansi_default",
    success="ansi_default",
    accent="ansi_blue",
    # White on blue is legible whatever lies around it.
    variables={
        **DARK.variables,
        "block-cursor-foreground": "ansi_bright_white",
        "block-cursor-background": "ansi_blue",
        "input-cursor-foreground": "ansi_bright_white",
        "input-cursor-background": "ansi_blue",
        "input-selection-foreground": "ansi_bright_white",
        "input-selection-background": "ansi_blue",
        "screen-selection-foreground": "ansi_bright_white",
        "screen-selection-background": "ansi_blue",
        "footer-key-foreground": "ansi_default",
        "border": "ansi_blue",
        "border-blurred": "ansi_blue",
        "scrollbar": "ansi_blue",
        "scrollbar-hover": "ansi_blue",
        "scrollbar-active": "ansi_blue",
        "scrollbar-background": "ansi_default",
        "scrollbar-background-hover": "ansi_default",
        "scrollbar-background-active": "ansi_default",
        "scrollbar-corner-color": "ansi_default",
    },
)
