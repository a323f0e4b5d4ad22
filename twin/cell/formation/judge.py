"""When to flag a cell, and what is said of it then, and at the end."""

import math
from typing import Final

import numpy as np

from twin.asset import Json
from twin.cell.formation import guard
from twin.cell.formation.custody import Custody, Said
from twin.cell.formation.decision import ANSWERS, UNUSUAL, Decision
from twin.cell.formation.evidence import evidence_of, figures_at_end
from twin.cell.formation.grid import Floats, Ints
from twin.cell.formation.outcomes import Outcomes
from twin.cell.formation.records import formed
from twin.cell.formation.sample import HOUR_NS
from twin.cell.formation.settings import Settings

_WORTH_NAMING: Final = 0.8
"""Probability from which a cell that was unusual gets a name after all; chosen."""
_CLOCK_H: Final = 0.02
"""The last sample of a protocol comes a little before or after its end."""
_LOG_2: Final = math.log(2.0)


class Judge(Custody):
    def __init__(self, settings: Settings, decision: Decision | None, learns: bool) -> None:
        super().__init__(settings, decision)
        self.learns = learns
        self.why_no_reference = ""
        self.outcomes: Outcomes | None = None

    def _conclude(self, rows: Ints, time: Ints) -> None:
        state = self.state
        hours = (time - state.i("start")[rows]) / HOUR_NS
        if self.decision is None:
            if not self.learns:
                late = hours >= self.settings.decide_after[rows]
                late &= state.i("withheld")[rows] == 0
                why: dict[str, Json] = {"detail": self.why_no_reference}
                for k in np.flatnonzero(late):
                    self.withhold(int(rows[k]), guard.NO_REFERENCE, int(time[k]), why)
        else:
            self._judge(rows, time, hours)
        if self.outcomes is not None:
            self._predict(self.outcomes, rows, time, hours)
        done = hours >= self.settings.protocol_hours[rows] - _CLOCK_H
        done &= state.i("formed")[rows] == 0
        done &= ~guard.blocks(state.i("withheld")[rows])
        for k in np.flatnonzero(done):
            self._form(int(rows[k]), int(time[k]))

    def _judge(self, rows: Ints, time: Ints, hours: Floats) -> None:
        state, decision = self.state, self.decision
        assert decision is not None
        reference = decision.reference
        diagnosis = state.i("diagnosis")[rows]
        open_ = (diagnosis == 0) | (diagnosis == ANSWERS.index(UNUSUAL))
        due = (state.i("dirty")[rows] == 1) & open_ & (state.i("withheld")[rows] == 0)
        due &= hours >= self.settings.decide_after[rows]
        at = np.flatnonzero(due)
        if not len(at):
            return
        state.i("dirty")[rows[at]] = 0
        # Known or unusual, at first or later: four ways to be flagged share the chance.
        share = self.settings.limit[rows[at]] + 2 * _LOG_2
        later = (state.i("reached")[rows[at]] > reference.first_slot).astype(np.int64)
        unusual = decision.wide[rows[at]] >= np.maximum(share, reference.tail[later, 1])
        limit = np.maximum(share, reference.tail[later, 0])
        certain = np.isin(rows[at], decision.suspects(rows[at], limit))
        near = np.flatnonzero(certain)
        certain[near] = decision.evidence(rows[at[near]]) >= limit[near]
        at = at[certain | unusual]
        if not len(at):
            return
        chances = decision.probabilities(rows[at])
        for k, chance in zip(at, chances, strict=True):
            self._flag(int(rows[k]), int(time[k]), float(hours[k]), chance)

    def _flag(self, row: int, time_ns: int, hours: float, chance: Floats) -> None:
        state = self.state
        found = 1 + int(np.argmax(chance[1:]))
        before = int(state.i("diagnosis")[row])
        if before and (found == before or chance[found] < _WORTH_NAMING):
            return
        state.i("diagnosis")[row] = found
        if not before:
            state.f("flagged_h")[row] = hours
        assert self.decision is not None
        self._said.append(
            Said(
                row,
                "cell.diagnosed",
                time_ns,
                {
                    "serial": self.serials[row],
                    "diagnosis": ANSWERS[found],
                    "probability": float(chance[found]),
                    "probabilities": {a: float(p) for a, p in zip(ANSWERS, chance, strict=True)},
                    "evidence": evidence_of(self.decision, row, found),
                    "elapsed_h": hours,
                    "current_A": float(state.f("current")[row]),
                    "soc": float(state.f("charge")[row] / self.settings.nominal[row]),
                    "hours_left": max(0.0, float(self.settings.protocol_hours[row]) - hours),
                    "time_ns": time_ns,
                },
            )
        )

    def _predict(self, outcomes: Outcomes, rows: Ints, time: Ints, hours: Floats) -> None:
        """Once for each cell, at its hour; of a withheld cell no more is said."""
        state = self.state
        due = (state.i("predicted")[rows] == 0) & (hours >= self.settings.outcome_at[rows])
        due &= outcomes.asked[rows]
        if not due.any():
            return
        withheld = state.i("withheld")[rows]
        at = np.flatnonzero(due & ((withheld == 0) | (withheld == guard.NO_REFERENCE)))
        state.i("predicted")[rows[at]] = 1
        left = np.maximum(self.settings.protocol_hours[rows[at]] - hours[at], 0.0)
        told = outcomes.of(rows[at], left, self.decision, self.why_no_reference)
        for k, (kind, about) in zip(at, told, strict=True):
            row, time_ns = int(rows[k]), int(time[k])
            data: dict[str, Json] = {
                "serial": self.serials[row],
                **about,
                "elapsed_h": float(hours[k]),
                "time_ns": time_ns,
            }
            self._said.append(Said(row, kind, time_ns, data))

    def _form(self, row: int, time_ns: int) -> None:
        state = self.state
        state.i("formed")[row] = 1
        charge, discharge = (float(state.f(f"first_{n}")[row]) for n in ("charge", "discharge"))
        if np.isnan(charge):
            return
        if np.isnan(discharge):
            # No charge has followed the first discharge.
            discharge = float(state.f("discharged")[row])
        data = formed(self.serials[row], charge, discharge, time_ns)
        data.update(figures_at_end(state, row, float(self.settings.nominal[row])))
        self._said.append(Said(row, "cell.formed", time_ns, data))
