"""The vocabulary of trainwatch: frozen values and protocols, standard library only."""
