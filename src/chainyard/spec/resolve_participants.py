"""Drafts → Participants: every empty value gets its meaning, every combination is checked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from chainyard.spec import components
from chainyard.spec.expand import Draft
from chainyard.spec.network_params import NetworkParams
from chainyard.spec.participants import Participant
from chainyard.spec.reading import Reading

PARTS = ("el", "cl", "vc", "remote_signer")


@dataclass(frozen=True)
class Surroundings:
    """What an entry takes from the rest of the file when it says nothing itself."""

    network: NetworkParams
    root: Mapping[str, Any]
    snooper: bool
    reading: Reading


def resolve_participants(drafts: Sequence[Draft], around: Surroundings) -> tuple[Participant, ...]:
    """Number, name and complete the nodes. Problems of an entry are recorded once."""
    width = len(str(len(drafts)))
    participants = []
    first_key = 0
    done: dict[int, dict[str, Any]] = {}
    for index, draft in enumerate(drafts, 1):
        values = done.get(id(draft))
        if values is None:
            values = done[id(draft)] = _Entry(draft, around, len(drafts)).resolve()
        names = _names(f"{index:0{width}d}", values)
        participants.append(Participant(index=index, first_key=first_key, **names, **values))
        first_key += values["validator_count"]
    return tuple(participants)


def _names(number: str, values: Mapping[str, Any]) -> dict[str, Any]:
    el, cl, vc = values["el_type"].lower(), values["cl_type"], values["vc_type"]
    return {
        "name": f"{number}-{el}-{cl}",
        "el_service": "" if values["el_type"] == components.NO_EL else f"el-{number}-{el}-{cl}",
        "cl_service": f"cl-{number}-{cl}-{el}",
        "vc_service": _vc_service(number, el, cl, vc) if _has_vc_service(values) else None,
    }


def _vc_service(number: str, el: str, cl: str, vc: str) -> str:
    name = f"vc-{number}-{el}-{cl}"
    return name if vc == cl else f"{name}-{vc}"


def _has_vc_service(values: Mapping[str, Any]) -> bool:
    has_keys = values["use_separate_vc"] and values["validator_count"] > 0
    return bool(has_keys) and values["vc_type"] not in components.OWN_VC


class _Entry:
    """One entry: ``values`` are completed in place, rules are recorded where the file says it."""

    def __init__(self, draft: Draft, around: Surroundings, nodes: int) -> None:
        self.draft = draft
        self.around = around
        self.nodes = nodes
        self.values = dict(draft.values)

    def resolve(self) -> dict[str, Any]:
        self._slot_length()
        self._validator_client()
        self._remote_signer()
        self._images()
        self._from_root()
        self._validator_count()
        self._log_levels()
        self._scheduling()
        self._storage()
        self._beacon_nodes()
        self._blobber()
        self._mounts()
        return self.values

    def _rule(self, names: Sequence[str], message: str, *, expected: str = "") -> None:
        keys = [self.draft.at(name) for name in names]
        self.around.reading.rule(keys, f"{self.draft.place}: {message}", expected=expected)

    def _slot_length(self) -> None:
        network = self.around.network
        ranges = components.SLOT_SECONDS.get(self.values["cl_type"], {})
        lowest, highest = ranges.get(network.preset, (0, None))
        millis = network.slot_duration_ms
        if lowest * 1000 <= millis and (highest is None or millis <= highest * 1000):
            return
        range_ = f"{lowest}-second slots" if highest == lowest else f"slots of {lowest} s or more"
        self._rule(
            ["cl_type", "cl_image"],
            f"{self.values['cl_type']} cannot run slots of {millis} ms with the "
            f"{network.preset} preset",
            expected=range_,
        )

    def _validator_client(self) -> None:
        values, cl_type = self.values, self.values["cl_type"]
        if values["use_separate_vc"] is None:
            in_process = cl_type in components.IN_PROCESS_VC and not values["vc_type"]
            values["use_separate_vc"] = not in_process
        elif not values["use_separate_vc"] and cl_type in components.SEPARATE_VC_ONLY:
            self._rule(
                ["use_separate_vc", "cl_type"],
                f"the beacon node of {cl_type} cannot validate by itself",
                expected="use_separate_vc: true",
            )
        values["vc_type"] = values["vc_type"] or components.VC_INSTEAD.get(cl_type, cl_type)
        if values["use_separate_vc"] and values["vc_type"] in components.NO_SEPARATE_VC:
            self._rule(
                ["vc_type", "use_separate_vc", "cl_type"],
                f"{values['vc_type']} has no validator client of its own",
                expected="another vc_type, or use_separate_vc: false",
            )

    def _remote_signer(self) -> None:
        values, vc_type = self.values, self.values["vc_type"]
        values["use_remote_signer"] = bool(values["use_remote_signer"])
        if not values["use_remote_signer"]:
            if values["use_separate_vc"] and vc_type in components.REMOTE_SIGNER_VC_ONLY:
                self._rule(
                    ["use_remote_signer", "vc_type"],
                    f"{vc_type} takes its keys from a remote signer",
                    expected="use_remote_signer: true",
                )
            return
        if not values["use_separate_vc"]:
            self._rule(
                ["use_remote_signer", "use_separate_vc", "cl_type"],
                "a remote signer needs a validator client of its own",
                expected="use_separate_vc: true",
            )
        elif vc_type in components.NO_REMOTE_SIGNER_VC:
            self._rule(
                ["use_remote_signer", "vc_type", "cl_type"],
                f"the validator client of {vc_type} cannot use a remote signer",
            )

    def _images(self) -> None:
        values, network = self.values, self.around.network
        minimal = network.preset == "minimal"
        cl_images = components.CL_IMAGES_MINIMAL if minimal else components.CL_IMAGES
        own_cl_image = values["cl_image"]
        values["el_image"] = values["el_image"] or self._default_image(
            components.EL_IMAGES, values["el_type"]
        )
        values["cl_image"] = own_cl_image or self._default_image(cl_images, values["cl_type"])
        values["vc_image"] = values["vc_image"] or self._vc_image(own_cl_image, minimal)
        values["remote_signer_image"] = (
            values["remote_signer_image"] or components.SIGNER_IMAGES[values["remote_signer_type"]]
        )

    def _vc_image(self, own_cl_image: str, minimal: bool) -> str:
        vc_type, cl_type = self.values["vc_type"], self.values["cl_type"]
        if not own_cl_image or vc_type != cl_type:
            images = components.VC_IMAGES_MINIMAL if minimal else components.VC_IMAGES
            return self._default_image(images, vc_type)
        return own_cl_image.replace(*components.VC_IMAGE_OF_CL.get(cl_type, ("", "")))

    def _default_image(self, images: Mapping[str, str], client: str) -> str:
        network, image = self.around.network.network, images.get(client, "")
        if "devnet" not in network or not image:
            return image
        if client in components.NO_DEVNET_IMAGE:
            return components.NO_DEVNET_IMAGE[client]
        name = image.rpartition("/")[2].partition(":")[0]
        return f"ethpandaops/{components.DEVNET_IMAGE_NAMES.get(name, name)}:{network}"

    def _from_root(self) -> None:
        values, root = self.values, self.around.root
        for name in (
            "ethereum_metrics_exporter_enabled",
            "xatu_sentry_enabled",
            "keymanager_enabled",
            "checkpoint_sync_enabled",
        ):
            if values[name] is None:
                values[name] = root[name]
        if values["snooper_enabled"] is None:
            values["snooper_enabled"] = self.around.snooper
        values["vc_beacon_node_indices"] = values["vc_beacon_node_indices"] or ()

    def _validator_count(self) -> None:
        network = self.around.network
        if not network.has_own_genesis:
            self.values["validator_count"] = 0
        elif self.values["validator_count"] is None:
            self.values["validator_count"] = network.num_validator_keys_per_node

    def _log_levels(self) -> None:
        for part in ("el", "cl", "vc"):
            level = self.values[f"{part}_log_level"] or self.around.root["global_log_level"]
            self.values[f"{part}_log_level"] = level

    def _scheduling(self) -> None:
        values, root = self.values, self.around.root
        values["tolerations"] = values["tolerations"] or root["global_tolerations"]
        values["node_selectors"] = values["node_selectors"] or root["global_node_selectors"]
        for part in PARTS:
            name = f"{part}_tolerations"
            values[name] = values[name] or values["tolerations"]

    def _storage(self) -> None:
        if self.values["el_storage_type"] != "archive":
            return
        el_type, network = self.values["el_type"], self.around.network.network
        if el_type in components.NO_ARCHIVE_EL:
            self._rule(["el_storage_type", "el_type"], f"{el_type} cannot keep an archive")
        if "shadowfork" in network:
            self._rule(
                ["el_storage_type"], f"{network} starts from a snapshot, which is no archive"
            )

    def _beacon_nodes(self) -> None:
        for position, index in enumerate(self.values["vc_beacon_node_indices"]):
            if index >= self.nodes:
                self._rule(
                    [f"vc_beacon_node_indices[{position}]", "vc_beacon_node_indices"],
                    f"vc_beacon_node_indices names beacon node {index}, and there are {self.nodes}",
                    expected=f"numbers from 0 to {self.nodes - 1}",
                )

    def _blobber(self) -> None:
        cl_type = self.values["cl_type"]
        if self.values["blobber_enabled"] and cl_type not in components.BLOBBER_CL:
            self._rule(
                ["blobber_enabled", "cl_type"],
                f"the blobber does not work with {cl_type}",
                expected=f"cl_type {', '.join(components.BLOBBER_CL)}",
            )

    def _mounts(self) -> None:
        files = self.around.root["extra_files"]
        for part in ("el", "cl", "vc"):
            name = f"{part}_extra_mounts"
            for folder, file in self.values[name].items():
                if file not in files:
                    self._rule(
                        [f"{name}.{folder}", name],
                        f"{name} names {file[:60]!r}, which extra_files does not have",
                        expected=f"one of {', '.join(files)}" if files else "a key of extra_files",
                    )
