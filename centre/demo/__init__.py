"""The fleet demo: a centre and three units on loopback, real cars, one unit offline, one killed, one cloned.

It alone of the centre's rooms imports the unit's demo and store: it plays both sides.
"""
