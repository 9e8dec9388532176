"""Take every guard of the database out, one at a time, and see whether a test notices."""
