"""What tests share: units, cars, cases, displays, and pieces to make them of."""
