"""A trained outcome model as bytes and back, and as the document of its model card."""

from typing import Any, Final

import numpy as np

from twin.errors import InvalidInput
from twin.learning import skops_file
from twin.learning.boosting import Booster
from twin.learning.columns import Array, Feature
from twin.learning.conformal import Residuals
from twin.learning.flags import Flags
from twin.learning.outcome import OutcomeModel
from twin.learning.scoring import Comparison, Errors

FORMAT: Final = 1


def dumps(model: OutcomeModel) -> bytes:
    booster = model.model
    return skops_file.dumps(
        {
            "format": FORMAT,
            "card": card(model),
            "features": [feature.document() for feature in model.features],
            "booster": {
                "level": booster.level,
                "slope": booster.slope,
                "low": booster.low,
                "high": booster.high,
                "trees": booster.trees,
            },
            "errors": model.residuals.errors,
            "far_errors": model.far_residuals.errors,
            "mean_errors": model.mean_residuals.errors,
        }
    )


def loads(data: bytes) -> OutcomeModel:
    """Raises InvalidInput where the bytes are no model of this format."""
    held = skops_file.loads(data)
    try:
        if held["format"] != FORMAT:
            raise InvalidInput(f"format {held['format']} is not known; this is format {FORMAT}")
        return _model(held)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise InvalidInput(f"this skops file holds no outcome model: {error!r}") from error


def card(model: OutcomeModel) -> dict[str, Any]:
    """All figures of the model, for people and programs."""
    return {
        "skill": model.skill,
        "verdict": model.why,
        "target": model.target,
        "group": model.group,
        "features": [feature.document() for feature in model.features],
        "training": {
            "rows": model.rows,
            "groups": len(model.groups),
            "group_names": list(model.groups),
            "sha256": model.fingerprint,
        },
        "plan": {"name": model.model.plan, "trees": model.model.count},
        "scores": {
            "how": "whole groups left out; one-sided t over groups at 5 %",
            "model": model.comparisons[0].model.document(),
            "baselines": {c.name: c.document() for c in model.comparisons},
        },
        "interval": {
            **_interval(model.residuals if model.skill else model.mean_residuals),
            "covered_held_out": model.covered,
        },
        "intervals": {
            "target_span": model.span,
            "model": _interval(model.residuals),
            "outside_the_training_range": _interval(model.far_residuals),
            "mean": {"prediction": model.mean, **_interval(model.mean_residuals)},
        },
        "flags": model.flags and {"used": model.skill, **model.flags.document()},
        "notes": list(model.notes),
    }


def _interval(found: Residuals) -> dict[str, Any]:
    return {
        "confidence": found.confidence,
        "half_width": found.half_width,
        "effective_rows": found.effective,
        "widened": found.widened,
    }


def _model(held: dict[str, Any]) -> OutcomeModel:
    told, booster, flags = held["card"], held["booster"], held["card"]["flags"]
    return OutcomeModel(
        target=told["target"],
        group=told["group"],
        features=tuple(_read_feature(f) for f in held["features"]),
        rows=told["training"]["rows"],
        groups=tuple(told["training"]["group_names"]),
        fingerprint=told["training"]["sha256"],
        model=Booster(
            told["plan"]["name"],
            told["plan"]["trees"],
            float(booster["level"]),
            np.asarray(booster["slope"]),
            np.asarray(booster["low"]),
            np.asarray(booster["high"]),
            booster["trees"],
        ),
        residuals=_residuals(held["errors"], told["intervals"]["model"]),
        far_residuals=_residuals(
            held["far_errors"], told["intervals"]["outside_the_training_range"]
        ),
        mean=told["intervals"]["mean"]["prediction"],
        mean_residuals=_residuals(held["mean_errors"], told["intervals"]["mean"]),
        span=told["intervals"]["target_span"],
        covered=told["interval"]["covered_held_out"],
        comparisons=tuple(
            Comparison(
                name,
                _errors(found["model"]),
                _errors(found["baseline"]),
                found["gain"],
                found["gain_sd"],
                found["p"],
            )
            for name, found in told["scores"]["baselines"].items()
        ),
        skill=told["skill"],
        why=told["verdict"],
        flags=None
        if flags is None
        else Flags(
            flags["limit"],
            flags["threshold"],
            flags["rows_below"],
            flags["flagged_of_them"],
            flags["rows_not_below"],
            flags["flagged_falsely"],
        ),
        notes=tuple(told["notes"]),
    )


def _read_feature(told: dict[str, Any]) -> Feature:
    if told["kind"] == "text":
        return Feature(told["name"], levels=tuple(told["levels"]))
    return Feature(told["name"], told["least"], told["most"], told["median"])


def _residuals(errors: Array, told: dict[str, Any]) -> Residuals:
    return Residuals(
        np.asarray(errors),
        told["half_width"],
        told["confidence"],
        told["effective_rows"],
        told["widened"],
    )


def _errors(told: dict[str, float]) -> Errors:
    return Errors(told["mae"], told["rmse"], told["bias"], told["r2"])
