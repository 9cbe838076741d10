"""The Italian provinces, as plates name them."""

PROVINCES = (
    "AG", "AL", "AN", "AO", "AP", "AQ", "AR", "AT", "AV", "BA", "BG", "BI", "BL", "BN", "BO", "BR", "BS", "BZ", "CA",
    "CB", "CE", "CH", "CL", "CN", "CO", "CR", "CS", "CT", "CZ", "EN", "FE", "FG", "FI", "FO", "FR", "GE", "GO", "GR",
    "IM", "IS", "KR", "LC", "LE", "LI", "LO", "LT", "LU", "MC", "ME", "MI", "MN", "MO", "MS", "MT", "NA", "NO", "NU",
    "OR", "PA", "PC", "PD", "PE", "PG", "PI", "PN", "PO", "PR", "PS", "PT", "PV", "PZ", "RA", "RC", "RE", "RG", "RI",
    "RN", "RO", "ROMA", "SA", "SI", "SO", "SP", "SR", "SS", "SV", "TA", "TE", "TN", "TO", "TP", "TR", "TS", "TV", "UD",
    "VA", "VB", "VC", "VE", "VI", "VR", "VT", "VV",
)  # fmt: skip
"""Codes of the Italian provinces of the 1990s; Rome's plates bear its name."""
