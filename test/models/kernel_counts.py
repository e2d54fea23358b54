"""The kernels that each of the nine networks is known to become, by kind.

Run as a program it writes them anew: do so when a rule changed, and look at the
difference. With the package's own weights there would be fewer: they make some of the
convolutions equal.
"""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

from seeded import NETWORKS, light_model, seeded_model

import fusemlir
from fusemlir.runtime.engine import Engine

FILE = Path(__file__).with_name("kernels.json")


def golden_counts() -> dict[str, dict[str, int]]:
    """By network, how many kernels of each kind."""
    return json.loads(FILE.read_text())


def count_kernels(engine: Engine) -> dict[str, int]:
    return dict(Counter(kernel.kind for kernel in engine.kernels))


def main() -> None:
    counts = {
        network: count_kernels(
            fusemlir.compile(seeded_model(light_model(network)), device="reference")
        )
        for network in NETWORKS
    }
    FILE.write_text(json.dumps(counts, indent=2, sort_keys=True) + "\n")
    for network, kinds in counts.items():
        print(f"{network:<14}{sum(kinds.values()):>5}")


if __name__ == "__main__":
    main()
