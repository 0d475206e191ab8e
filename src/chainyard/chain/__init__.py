"""What runs inside a network: typed clients of the Beacon API, JSON-RPC and the Engine API.

Async core (`beacon`, `execution`, `engine`, `clock`, `waiting`, `transactions`), sync face
(`sync`). Import from the modules: they load httpx, which costs a quarter of a second.
"""
