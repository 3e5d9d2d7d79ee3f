"""The server's modules, as far as users' code knows them."""
