"""Tests of README, CONTRIBUTING, docs/ and examples/."""
