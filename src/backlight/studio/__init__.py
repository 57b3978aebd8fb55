"""The studio: a page in the browser in which an equation becomes a living graph. The only room that knows sockets.

`serve` starts it, `app` answers requests and holds the websockets, `gate` says who may come in, `visitor` is one of them with
what waits for it, `workers` are the processes that compute. What is said goes through as bytes and is understood elsewhere,
in `live`.
"""
