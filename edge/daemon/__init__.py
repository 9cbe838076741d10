"""The running process: built, looped, stopped, watched."""
