"""Names and default images that the schema fixes. Data only."""

from __future__ import annotations

EL_TYPES = (
    "geth",
    "nethermind",
    "erigon",
    "besu",
    "ethereumjs",
    "reth",
    "nimbus",
    "ethrex",
    "None",
)
CL_TYPES = (
    "lighthouse",
    "teku",
    "nimbus",
    "prysm",
    "lodestar",
    "grandine",
    "consensoor",
    "caplin",
)
VC_TYPES = ("lighthouse", "lodestar", "nimbus", "prysm", "teku", "vero", "grandine", "consensoor")
SIGNER_TYPES = ("web3signer",)
MEV_TYPES = ("mock", "flashbots", "mev-rs", "commit-boost", "helix", "buildoor")
NO_EL = "None"

LOG_LEVELS = ("error", "warn", "info", "debug", "trace")
CUSTOM_LOG_LEVEL = "custom"

IN_PROCESS_VC = ("nimbus", "teku", "grandine")
"""Consensus clients that validate in the beacon node's process unless asked otherwise."""
SEPARATE_VC_ONLY = ("lighthouse", "prysm", "lodestar")
NO_SEPARATE_VC = ("grandine",)
OWN_VC = ("consensoor",)
"""Consensus clients that bring their validator along and get no validator client service."""
VC_INSTEAD = {"caplin": "lighthouse"}
NO_REMOTE_SIGNER_VC = ("lighthouse",)
REMOTE_SIGNER_VC_ONLY = ("vero",)
BLOBBER_CL = ("lighthouse", "lodestar", "prysm", "grandine")
NO_ARCHIVE_EL = ("ethrex", "ethereumjs", "nimbus")
NO_DEVNET_IMAGE = {"teku": "ethpandaops/teku:master", "besu": "ethpandaops/besu:main"}
"""Clients without an image per devnet, and what runs instead."""
DEVNET_IMAGE_NAMES = {"client-go": "geth"}
"""Image names that differ from those of the devnets."""

SLOT_SECONDS = {"nimbus": {"mainnet": (12, None), "minimal": (6, 6)}}
"""Slot lengths (lowest, highest) that ethereum-package lets a consensus client have, by preset."""

EL_IMAGES = {
    "geth": "ethereum/client-go:latest",
    "nethermind": "ethpandaops/nethermind:master",
    "erigon": "erigontech/erigon:latest",
    "besu": "ethpandaops/besu:main",
    "reth": "ethpandaops/reth:main",
    "ethereumjs": "ethpandaops/ethereumjs:master",
    "nimbus": "statusim/nimbus-eth1:master",
    "ethrex": "ethpandaops/ethrex:main",
    NO_EL: "",
}
CL_IMAGES = {
    "lighthouse": "sigp/lighthouse:latest",
    "prysm": "offchainlabs/prysm-beacon-chain:stable",
    "teku": "consensys/teku:latest",
    "nimbus": "ethpandaops/nimbus-eth2:unstable",
    "lodestar": "chainsafe/lodestar:latest",
    "grandine": "sifrai/grandine:stable",
    "consensoor": "ethpandaops/consensoor:main",
    "caplin": "ethpandaops/caplin:main",
}
CL_IMAGES_MINIMAL = {
    **CL_IMAGES,
    "lighthouse": "ethpandaops/lighthouse:unstable",
    "prysm": "ethpandaops/prysm-beacon-chain:develop-minimal",
    "teku": "ethpandaops/teku:master",
    "nimbus": "ethpandaops/nimbus-eth2:unstable-minimal",
    "lodestar": "ethpandaops/lodestar:unstable",
    "grandine": "ethpandaops/grandine:develop-minimal",
}
VC_IMAGES = {
    "lighthouse": CL_IMAGES["lighthouse"],
    "lodestar": CL_IMAGES["lodestar"],
    "nimbus": "ethpandaops/nimbus-validator-client:unstable",
    "prysm": "offchainlabs/prysm-validator:stable",
    "teku": CL_IMAGES["teku"],
    "vero": "ghcr.io/serenita-org/vero:latest",
    "grandine": CL_IMAGES["grandine"],
    "consensoor": CL_IMAGES["consensoor"],
}
VC_IMAGES_MINIMAL = {
    **VC_IMAGES,
    "lighthouse": CL_IMAGES_MINIMAL["lighthouse"],
    "lodestar": CL_IMAGES_MINIMAL["lodestar"],
    "nimbus": "ethpandaops/nimbus-validator-client:unstable-minimal",
    "prysm": "ethpandaops/prysm-validator:develop-minimal",
    "teku": CL_IMAGES_MINIMAL["teku"],
    "grandine": CL_IMAGES_MINIMAL["grandine"],
}
VC_IMAGE_OF_CL = {
    "prysm": ("beacon-chain", "validator"),
    "nimbus": ("nimbus-eth2", "nimbus-validator-client"),
}
"""How the image of a validator client is named after that of its beacon node."""
SIGNER_IMAGES = {"web3signer": "consensys/web3signer:latest"}

ADDITIONAL_SERVICES = (
    "assertoor",
    "blobscan",
    "blockscout",
    "bootnodoor",
    "broadcaster",
    "buildoor",
    "checkpointz",
    "dora",
    "disruptoor",
    "dugtrio",
    "erpc",
    "forkmon",
    "forky",
    "grafana",
    "prometheus",
    "prometheus_grafana",
    "mempool_bridge",
    "nginx",
    "apache",
    "otel",
    "rakoon",
    "spamoor",
    "tx_fuzz",
    "slashoor",
    "tempo",
    "tracoor",
    "trueblocks",
    "zkboost",
)

OWN_NETWORK = "kurtosis"
"""The network that has a genesis of its own."""
PUBLIC_NETWORKS = ("mainnet", "sepolia", "hoodi")
EPHEMERY = "ephemery"
DEPOSIT_CONTRACTS = {
    "mainnet": "0x00000000219ab540356cBB839Cbe05303d7705Fa",
    "sepolia": "0x7f02C3E3c98b133055B8B348B2Ac625669Ed295D",
    "hoodi": "0x00000000219ab540356cBB839Cbe05303d7705Fa",
}
CHECKPOINT_URLS = {
    "mainnet": "https://beaconstate.info",
    "sepolia": "https://checkpoint-sync.sepolia.ethpandaops.io/",
    "hoodi": "https://checkpoint-sync.hoodi.ethpandaops.io/",
    EPHEMERY: "https://checkpoint-sync.ephemery.ethpandaops.io/",
}
DEVNET_CHECKPOINT_URL = "https://checkpoint-sync.{network}.ethpandaops.io/"
CHECKPOINTZ_URL = "http://checkpointz:5555"
