"""Spec to Genesis: keys, identities, prefunded accounts, execution genesis, beacon state.

Pure but for the clock and the randomness, which are passed in. Import from the modules.
"""
