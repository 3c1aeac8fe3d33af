"""Top: who and what is most often in a log of samples."""

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

MOST = 100_000  # different ones that are counted of each; the rarest half is let go where there are more
FIELDS = ("zone", "outcome", "type", "client", "name")


@dataclass(slots=True)
class Top:
    """Samples counted by each of FIELDS; `unread`: lines that are no samples."""

    samples: int = 0
    unread: int = 0
    first: str = ""
    last: str = ""
    counts: dict[str, Counter[str]] = field(default_factory=lambda: {each: Counter() for each in FIELDS})

    def add(self, lines: Iterable[str]) -> None:
        """Count these lines."""
        for line in lines:
            try:
                sample = json.loads(line)
            except ValueError:
                sample = None
            if not isinstance(sample, dict) or "outcome" not in sample or "time" not in sample:
                self.unread += 1
                continue
            self._add(sample)

    def _add(self, sample: dict[str, object]) -> None:
        self.samples += 1
        self.last = str(sample["time"])
        self.first = self.first or self.last
        for name in FIELDS:
            if sample.get(name) is not None:
                counts = self.counts[name]
                counts[str(sample[name])] += 1
                if len(counts) > MOST:
                    self.counts[name] = Counter(dict(counts.most_common(MOST // 2)))
