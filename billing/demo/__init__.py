"""The demo tenant and a few days of its history, made by the product's own actions.

Every step looks before it makes, so that a second load changes nothing and one that was
cut short goes on where it stopped.
"""
