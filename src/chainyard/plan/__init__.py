"""Spec + identities → Plan. Pure: no clock, no disk, no network."""
