"""The side that faces the street: cars connect, are challenged, and leave a sealed packet."""
