"""The training log on disk: one row per logged step, appended as it happens, cut back when a run resumes."""

from __future__ import annotations

import csv
import os
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from infomotion_lib.provenance import write_csv

LOG_COLUMNS = ("step", "loss", "lr", "psnr", "psnr_naive")


class TrainingLog:
    """Rows of ``step, loss, lr, psnr, psnr_naive`` and further ``parts`` of the loss in a CSV file; ``psnr``
    and ``psnr_naive`` are empty where VAL was not looked at.
    """

    def __init__(self, path: Path, *, parts: Sequence[str] = ()) -> None:
        self.path, self.columns = path, (*LOG_COLUMNS, *parts)
        self._waiting: list[tuple[float | None, ...]] = []

    def add(
        self,
        step: int,
        loss: float,
        lr: float,
        psnr: float | None,
        psnr_naive: float | None,
        parts: Sequence[float] = (),
    ) -> None:
        """Note one step; it reaches the file with the next :meth:`flush`, or when a hundred have gathered."""
        self._waiting.append((step, loss, lr, psnr, psnr_naive, *parts))
        if len(self._waiting) >= 100:
            self.flush()

    def flush(self) -> None:
        """Write what waits, through to the disk."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("a", newline="", encoding="utf-8") as stream:
            writer = csv.writer(stream, lineterminator="\n")
            if stream.tell() == 0:
                writer.writerow(self.columns)
            writer.writerows(
                ["" if value is None else f"{value:.9g}" for value in row] for row in self._waiting
            )
            stream.flush()
            os.fsync(stream.fileno())
        self._waiting.clear()

    def cut(self, step: int) -> None:
        """Forget all rows after ``step`` and whatever a kill left half-written."""
        self._waiting.clear()
        write_csv(self._read(upto=step), self.path)

    def table(self) -> pd.DataFrame:
        """The whole log."""
        self.flush()
        return self._read(upto=None)

    def _read(self, *, upto: int | None) -> pd.DataFrame:
        rows = []
        if self.path.is_file():
            with self.path.open(newline="", encoding="utf-8", errors="replace") as stream:
                rows = [
                    row for row in csv.reader(stream) if len(row) == len(self.columns) and row[0].isdigit()
                ]
        numbers = (
            pd.DataFrame(rows, columns=list(self.columns)).apply(pd.to_numeric, errors="coerce").astype(float)
        )
        numbers = numbers.dropna(subset=["loss"]).astype({"step": int})
        return (numbers if upto is None else numbers[numbers["step"] <= upto]).reset_index(drop=True)
