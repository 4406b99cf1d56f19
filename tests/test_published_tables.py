"""The published tables among the examples: each is planned as its file says, on small data of the form that it expects."""

from pathlib import Path

import pytest
import yaml

import published_data
from butfor.study.settings import study_and_plan

ROOT = Path(__file__).parent.parent
PLANNED = {  # arms on each data set, the baseline among them
    "text_cnn": (5, 4),
    "unet_plus_plus": (4, 4),
    "ft_transformer_classes": (3, 5),
    "ft_transformer_numbers": (3, 3),
}


@pytest.mark.parametrize("name", PLANNED)
def test_a_published_table_is_a_study(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    published_data.write(tmp_path)
    study, plan = study_and_plan(
        yaml.safe_load((ROOT / f"examples/published/{name}.yaml").read_text()), ROOT / "config/schema.yaml"
    )
    arms, sets = PLANNED[name]
    assert len(plan.arms) == arms * sets and {arm.partition("@")[2] for arm in plan.arms} == set(study["data"])
