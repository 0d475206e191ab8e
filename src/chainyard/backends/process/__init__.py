"""The process backend: services are processes of this machine, under one supervisor per network."""
