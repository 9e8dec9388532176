"""Start the services of a checkout and run something with them; standard library only."""
