"""The software of the roadside unit: from a car's packet to the driver's name."""
