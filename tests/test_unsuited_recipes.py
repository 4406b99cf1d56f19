"""An arm that is added to a study whose data are there is held against these before it trains."""

import pytest

from butfor.data.data_error import DataError
from butfor.workflow.unsuited_recipes import refuse_unsuited
from conftest import NEEDS

LABELS = {"task": "multilabel", "outputs": [5]}


def test_what_is_for_single_classes_is_refused_where_there_are_several():
    balanced = {**NEEDS, "models": "own", "weighted": [-1]}
    with pytest.raises(
        DataError, match=r"^data tickets: task multilabel: expected class_weight where each target is one class"
    ):
        refuse_unsuited(balanced, LABELS, "tickets")
    refuse_unsuited({**NEEDS, "models": "own"}, LABELS, "")
    refuse_unsuited(balanced, {"task": "classification", "outputs": [5]}, "")
    refuse_unsuited(balanced, {}, "")  # data that are yet to be made say so when they are
