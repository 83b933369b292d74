import json
from pathlib import Path

import nbformat
import pytest
from click.testing import CliRunner
from nbformat.v4 import new_notebook

from sme_research.cli import cli
from sme_research.errors import FactoryError
from sme_research.factory.plan import RunRequest, make_plan
from sme_research.instruments import INSTRUMENTS

META = {
    "report": "effect",
    "title": {"zh": "{instrument}的效果", "en": "Effect of {instrument}"},
    "languages": ["zh", "en"],
    "matrix": {"instrument": ["training", "loans"]},
    "labels": {"instrument": {"training": {"zh": "培训", "en": "training courses"}}},
}
PARAMETERS = (
    'lang: str = "zh"\ninstrument: str = "training"\noutcome: str = "log_revenue"\nyears: int = 3\n'
    'data: str = "../data/demo"'
)


@pytest.fixture
def folder(tmp_path, write_report, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data/demo").mkdir(parents=True)
    write_report(tmp_path / "notebooks/20_effect.ipynb", parameters=PARAMETERS, meta=META)
    write_report(tmp_path / "notebooks/00_quality.ipynb", meta={"report": "data_quality"})
    nbformat.write(new_notebook(), tmp_path / "notebooks/scratch.ipynb")
    return tmp_path


def plan(folder: Path, *names: str, **asked):
    notebooks = tuple(folder / "notebooks" / name for name in names) or (folder / "notebooks",)
    return make_plan(RunRequest(notebooks, folder / "reports", **asked))


def test_a_plan_is_notebooks_times_matrix_times_languages(folder):
    made = plan(folder)
    assert [report.slug for report in made.reports] == [
        "data_quality-en",
        "effect-training-zh",
        "effect-training-en",
        "effect-loans-zh",
        "effect-loans-en",
    ]
    assert [path.name for path in made.skipped] == ["scratch.ipynb"]
    assert made.reports[1].title == "培训的效果"
    assert made.reports[3].title == "loans的效果"
    assert made.reports[2].parameters == {
        "lang": "en",
        "instrument": "training",
        "outcome": "log_revenue",
        "years": 3,
        "data": "data/demo",
    }


def test_a_parameter_narrows_the_matrix_and_languages_narrow_too(folder):
    made = plan(folder, "20_effect.ipynb", parameters={"instrument": "loans"}, languages=("en",))
    assert [report.slug for report in made.reports] == ["effect-loans-en"]
    assert plan(folder, parameters={"lang": "en", "instrument": "loans"}).reports[1] == made.reports[0]


def test_a_parameter_that_is_not_the_default_has_its_own_slug(folder):
    asked = {"outcome": "log_employees", "instrument": "training", "years": "3"}
    made = plan(folder, "20_effect.ipynb", parameters=asked)
    assert made.reports[0].slug == "effect-training-outcome_log_employees-zh"


def test_a_value_that_is_no_safe_name_enters_the_slug_as_a_hash(folder):
    made = plan(folder, "20_effect.ipynb", parameters={"outcome": "../../收入"})
    assert "/" not in made.reports[0].slug
    assert made.reports[0].slug.isascii()


@pytest.mark.parametrize(
    ("parameters", "fault"),
    [
        ({"instrumnt": "loans"}, "'instrumnt' is not known. Did you mean 'instrument'"),
        ({"years": "three"}, "'years' is 'three', must be int"),
        ({"instrument": "lones"}, "not in the matrix; choose from 'training', 'loans'.*'loans'"),
        ({"lang": "fr"}, "language 'fr' is offered by no chosen notebook"),
        ({"data": "nowhere"}, "data folder 'nowhere' does not exist"),
    ],
)
def test_unfit_parameters_are_refused_before_anything_runs(folder, parameters, fault):
    with pytest.raises(FactoryError, match=fault):
        plan(folder, parameters=parameters)


def test_an_unknown_notebook_is_refused_with_the_nearest_name(folder):
    with pytest.raises(FactoryError, match=r"Did you mean '20_effect\.ipynb'"):
        plan(folder, "20_efect.ipynb")


def test_a_notebook_that_is_no_report_is_refused_when_named(folder):
    with pytest.raises(FactoryError, match=r"scratch\.ipynb is not a report"):
        plan(folder, "scratch.ipynb")


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"matrix": {"years": ["3"]}}, "matrix: 'years' is the text '3', must be int"),
        ({"matrix": {"years": [3.5]}}, "matrix: parameter 'years' is 3.5, must be int"),
        ({"matrix": {"year": [3]}}, "matrix: parameter 'year' is not known. Did you mean 'years'"),
        ({"matrix": {"years": []}}, "matrix: 'years' has no values"),
        ({"title": {"zh": "甲"}}, "title has no 'en'"),
        ({"title": {"zh": "{x}", "en": "{x}"}}, "{x} is no parameter"),
        ({"languages": ["fr"]}, r"metadata sme_research.languages.0"),
        ({"repot": "x"}, r"metadata sme_research.repot"),
    ],
)
def test_unfit_metadata_are_refused(folder, write_report, change, fault):
    write_report(folder / "notebooks/20_effect.ipynb", parameters=PARAMETERS, meta={**META, **change})
    with pytest.raises(FactoryError, match=fault):
        plan(folder)


def test_two_reports_of_one_slug_are_refused(folder, write_report):
    write_report(folder / "notebooks/21_effect.ipynb", parameters=PARAMETERS, meta=META)
    with pytest.raises(FactoryError, match=r"21_effect\.ipynb and 20_effect\.ipynb would both publish"):
        plan(folder)


def test_the_data_folder_is_shown_without_the_folders_of_the_machine(folder, tmp_path_factory):
    elsewhere = tmp_path_factory.mktemp("province")
    made = plan(folder, "20_effect.ipynb", data=elsewhere)
    assert made.reports[0].parameters["data"] == elsewhere.name
    assert made.reports[0].data == elsewhere


@pytest.mark.parametrize("asked", ["", " , "])
def test_no_language_is_refused_rather_than_taken_for_all(folder, asked):
    answer = CliRunner().invoke(cli, ["plan", str(folder / "notebooks"), "--lang", asked])
    told = "languages (--lang) is an empty list, must name one or more of en, zh; leave it out for all."
    assert isinstance(answer.exception, FactoryError)
    assert str(answer.exception) == told


HEAD = {"nbformat": 4, "nbformat_minor": 5, "metadata": {}}


@pytest.mark.parametrize(
    "content",
    [
        *([], 3, "text", None, {**HEAD, "cells": 3}, {**HEAD, "cells": {}}, {**HEAD, "cells": [3]}),
        *({**HEAD, "cells": [{"metadata": {}, "source": ""}]}, {**HEAD, "cells": [], "metadata": []}),
        {**HEAD, "cells": [{"cell_type": "code", "metadata": {}}]},
    ],
)
def test_json_that_is_no_notebook_is_refused_in_words_of_notebooks(folder, content):
    (folder / "notebooks/30_broken.ipynb").write_text(json.dumps(content))
    with pytest.raises(FactoryError) as refused:
        plan(folder, "30_broken.ipynb")
    assert str(refused.value).startswith("30_broken.ipynb is not a notebook: its JSON is not built as one, an object")
    assert str(refused.value).endswith("Save it from Jupyter again, or name another file.")


def test_a_file_that_is_no_notebook_is_refused(folder):
    (folder / "notebooks/30_broken.ipynb").write_text(json.dumps({"cells": 3}))
    with pytest.raises(FactoryError, match=r"30_broken\.ipynb is not a notebook"):
        plan(folder)


@pytest.mark.parametrize("asked", [{"jobs": 0}, {"timeout": 0}])
def test_jobs_and_timeout_are_at_least_one(folder, asked):
    with pytest.raises(FactoryError, match="is 0, must be 1 or more"):
        plan(folder, **asked)


def test_a_matrix_and_its_labels_may_be_named_instead_of_written_out(folder, write_report):
    named = {"instrument": "sme_research.instruments:INSTRUMENTS"}
    change = {"matrix": named, "labels": named}
    for table in {table for instrument in INSTRUMENTS.values() for table in instrument.tables}:
        (folder / f"data/demo/{table}.csv").write_text("enterprise_id\n")
    write_report(folder / "notebooks/20_effect.ipynb", parameters=PARAMETERS, meta={**META, **change})
    titles = {report.slug: report.title for report in plan(folder, "20_effect.ipynb").reports}
    label = INSTRUMENTS["training"].label
    assert titles["effect-training-zh"] == f"{label['zh']}的效果"
    assert titles["effect-training-en"] == f"Effect of {label['en']}"
    assert len(titles) == 2 * len(INSTRUMENTS)


@pytest.mark.parametrize("reference", ["os:environ", "sme_research.instruments:NONE", "sme_research.nowhere:X"])
def test_only_mappings_of_this_package_may_be_named(folder, write_report, reference):
    change = {"matrix": {"instrument": reference}}
    write_report(folder / "notebooks/20_effect.ipynb", parameters=PARAMETERS, meta={**META, **change})
    with pytest.raises(FactoryError, match="names no mapping of this package"):
        plan(folder)


NOTEBOOKS = Path(__file__).parents[2] / "notebooks"


def folder_with(tmp_path, *tables):
    folder = tmp_path / "ours"
    folder.mkdir()
    for table in tables:
        (folder / f"{table}.csv").write_text("enterprise_id\n")
    return folder


def test_a_report_whose_tables_the_folder_lacks_is_left_out_and_said(tmp_path):
    folder = folder_with(tmp_path, "enterprises", "accounts", "training")
    plan = make_plan(RunRequest((NOTEBOOKS / "20_effect.ipynb",), tmp_path, data=folder))
    assert {report.parameters["instrument"] for report in plan.reports} == {"training"}
    assert "effect, instrument loan_subsidy: ours holds no table loans" in plan.left_out


def test_a_report_asked_for_by_name_is_never_left_out(tmp_path):
    folder = folder_with(tmp_path, "enterprises", "accounts")
    request = RunRequest((NOTEBOOKS / "20_effect.ipynb",), tmp_path, {"instrument": "loan_subsidy"}, data=folder)
    plan = make_plan(request)
    assert {report.parameters["instrument"] for report in plan.reports} == {"loan_subsidy"}
    assert plan.left_out == ()
