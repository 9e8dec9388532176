"""Pages made from the product itself, so that they cannot tell stories about it."""
