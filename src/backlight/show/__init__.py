"""Pictures: what is drawn, where it goes, and the writers that put it on a terminal, a page or a file.

Every picture is a `Drawing`, a tree of marks that know which node they show, and every writer writes any drawing.
"""
