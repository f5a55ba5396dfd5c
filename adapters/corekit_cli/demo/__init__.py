"""The demo: an API behind the middleware, two pages that call it, and a playground in them."""
