"""When a graph of single numbers is walked along instead of being compiled."""

LONG = 4000  # nodes: up to there the compiler takes less than a second
