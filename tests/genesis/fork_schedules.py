"""Fork schedules for the tests of the genesis room."""

FAR_FUTURE_EPOCH = 2**64 - 1
FORKS = ("altair", "bellatrix", "capella", "deneb", "electra", "fulu", "gloas", "heze")


def forks_from(genesis: str, **scheduled: int) -> dict[str, int]:
    """Fork epochs of a network that starts in ``genesis``; other forks only if scheduled."""
    later = FORKS[FORKS.index(genesis) + 1 :] if genesis in FORKS else FORKS
    epochs = {f"{fork}_fork_epoch": 0 for fork in FORKS}
    epochs |= {f"{fork}_fork_epoch": FAR_FUTURE_EPOCH for fork in later}
    return epochs | {f"{fork}_fork_epoch": epoch for fork, epoch in scheduled.items()}
