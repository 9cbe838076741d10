"""How good the networks are: metrics, reports, pictures of errors, figures to reach."""
