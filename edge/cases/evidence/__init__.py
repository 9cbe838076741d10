"""What proves a case: manifest, chain, signatures and their verification."""
