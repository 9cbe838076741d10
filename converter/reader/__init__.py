"""The plate reader's workshop: render plates, train the network, measure it."""
