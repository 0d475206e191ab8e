"""How a program gets onto this machine.

Sources, in order: a path in the spec; PATH; the cache; the program's official release for this
platform; a build from a Go module that is pinned by a go.mod and go.sum. What is pinned is data
(`catalog.Catalog`); nothing here knows the name of a program. `resolver.Resolver` is the entry.

Environment:

- ``CHAINYARD_SOURCES``: comma list of ``path``, ``cache``, ``release``, ``build``: restricts and
  reorders the sources (a path in the spec always wins).
- ``CHAINYARD_RELEASE_MIRROR``: base URL that takes the place of the scheme and host of every
  release, signature and checksum URL.
- ``CHAINYARD_KEYSERVER``: URL template with ``{fingerprint}``, in place of the pinned key servers.
- Proxies, certificates (``HTTPS_PROXY``, ``SSL_CERT_FILE``), pip's and Go's own settings are
  honoured as those tools do.
"""
