"""A local stand-in for the PayFort gateway, in its own process.

It imports nothing of the product on purpose: its signing and its reading of the protocol
are written a second time, so that a mistake on one side cannot be hidden by the same
mistake on the other. Start it with `python -m tools.sandbox_gateway`.
"""
