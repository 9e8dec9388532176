"""What billing tells the apps below it, which import nothing of billing."""


def register() -> None:
    """Called once at start."""
