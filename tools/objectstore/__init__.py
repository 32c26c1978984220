"""A real S3 server for tests, on this machine, for as long as a test runs.

versitygw (Apache-2.0) serves a folder as buckets. It is built like the cluster's binaries: from the Go module that
`tools/go/versitygw` pins by checksum, into the cache that every clone shares.
"""

from objectstore.server import ObjectStore

__all__ = ["ObjectStore"]
