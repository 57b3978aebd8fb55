"""Instructions for every machine that compiles: written once, for this processor and for the page."""
