"""The police registry: who holds which licence, and the private key of each licence's chip."""
