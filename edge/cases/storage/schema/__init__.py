"""The versions of the case database as SQL scripts; a package so that an installation has them."""
