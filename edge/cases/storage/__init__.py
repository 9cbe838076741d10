"""Where cases are kept: journal, database, files. The only room that writes to the disk durably and speaks SQL."""
