"""Training of the winding head's model of short circuits, offline.

table of jellyrolls (features of ``jellyroll.wound``, what became of them, their lot)
    ─▶ calibrated classifier ─▶ file, named by the parameter ``short_model``
"""

import numpy as np

from twin.cell.winding.short_risk import FEATURES
from twin.errors import InvalidInput
from twin.learning.classifier import CalibratedClassifier, train_classifier
from twin.learning.table import LabelledTable


def train(table: LabelledTable, seed: int = 0) -> CalibratedClassifier:
    """The target is 1 where a jellyroll was short-circuited (high-potential test, self
    discharge, teardown) and 0 where not; groups are electrode lots or heads, left out whole.

    Raises InvalidInput for a feature that a winding head does not know, a target that is
    neither 0 nor 1, and where too little is there to learn from.
    """
    unknown = [column.name for column in table.features if column.name not in FEATURES]
    if unknown:
        raise InvalidInput(
            f"a winding head does not know {', '.join(unknown)}; known are {', '.join(FEATURES)}"
        )
    if not np.isin(table.y, (0.0, 1.0)).all():
        raise InvalidInput(
            f"the target {table.target.name!r} must be 1 (short-circuited) or 0 in every row"
        )
    columns = []
    for column in table.features:
        if isinstance(column.values, tuple):
            raise InvalidInput(f"the feature {column.name!r} is text, not a number")
        columns.append(column.values)
    return train_classifier(
        features=[column.name for column in table.features],
        x=np.column_stack(columns),
        y=table.y == 1.0,
        group=table.groups,
        seed=seed,
    )
