"""Characters that a doubtful picture confuses."""

LOOKALIKES = (
    "0ODQ", "0CG", "1I7", "1LT", "I1T", "2Z7", "3B8", "4A", "5S6", "6G", "8B", "8SR", "90", "CG", "EF", "EB", "HN",
    "HKX", "MN", "MW", "PR", "PF", "RB", "UV", "VY", "UJ", "VW", "XK", "XY", "JI", "LI", "T7", "DB", "UO",
)  # fmt: skip
"""Each string is one group."""
