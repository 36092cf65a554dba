"""Ways to choose bases and moves, one a file.

`choose_base` is asked when a unit clears; `next_move` after every dispatch and clearing, again and again until it
answers (NOBODY, NOWHERE) or `moves_max` is reached. A policy sees places, units and cover only.
"""

KINDS = ("home", "dmexclp", "move_utility")
"""By name; the number of each is its place here."""
