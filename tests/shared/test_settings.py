import pytest
import yaml

from shared import settings
from shared.errors import UserError
from shared.settings import load_models, load_paper, load_settings, paper_ids


@pytest.fixture
def edited(tmp_path, monkeypatch):
    """R-Tuning's paper.yaml with a change made to it, in a folder of its own."""
    values = yaml.safe_load((settings.PAPERS / "r_tuning" / "paper.yaml").read_text())
    monkeypatch.setattr(settings, "PAPERS", tmp_path / "papers")
    monkeypatch.setattr(settings, "ROOT", tmp_path)
    (tmp_path / "papers" / "r_tuning").mkdir(parents=True)

    def write(change):
        change(values)
        (tmp_path / "papers" / "r_tuning" / "paper.yaml").write_text(yaml.safe_dump(values))
        load_paper.cache_clear()
        settings._load_settings.cache_clear()

    yield write
    load_paper.cache_clear()
    settings._load_settings.cache_clear()


def test_every_scale_of_every_paper_is_valid():
    assert "r_tuning" in paper_ids()
    for paper in paper_ids():
        scales = load_paper(paper).scales
        assert list(scales) == ["smoke", "cpu", "gpu", "paper"]
        for scale in scales:
            assert load_models(paper, scale)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda v: v.update(colour="red"), r"paper\.yaml: unknown key 'colour'; known: id, name"),
        (lambda v: v["claims"][0].pop("text"), r"claims\.c1a\.text: found nothing, expected a"),
        (
            lambda v: v["scales"]["cpu"]["training"].update(max_length=-1),
            r"scale cpu, model Small-1M: training\.max_length: .* greater than 0, found -1",
        ),
        (lambda v: v["scales"]["cpu"].update(prompt="Q:"), r"prompt: .*expected \{question\} and"),
        (
            lambda v: v["scales"]["cpu"]["variants"]["vanilla"].update(tasks=["chess"]),
            "unknown task {'chess'}; tasks: facts",
        ),
    ],
)
def test_a_mistake_in_the_settings_is_one_line(edited, change, message):
    edited(change)
    with pytest.raises(UserError, match=message) as found:
        load_settings("r_tuning", "cpu")
    assert "\n" not in str(found.value)


def test_a_scale_lies_over_the_defaults(edited):
    edited(lambda v: v["defaults"].update(training={"epochs": 7, "weight_decay": 0.5}))
    found = load_settings("r_tuning", "cpu").training
    assert (found.epochs, found.weight_decay) == (3, 0.5)


def test_unknown_names_list_the_known_ones():
    with pytest.raises(UserError, match="unknown scale 'huge'; scales: smoke, cpu, gpu, paper"):
        load_settings("r_tuning", "huge")
    with pytest.raises(UserError, match=r"unknown paper 'r_tunnig'; did you mean r_tuning"):
        load_paper("r_tunnig")


def test_a_users_model_stands_in_for_a_model_of_the_paper_or_for_none():
    """The models that CenterBench has at scale cpu stand in for none either."""
    own = load_settings("center_bench", "cpu", "api:org/model")
    assert (own.name, own.stands_in_for) == ("model", None)
    other = f"hub:org/model@{'a' * 40}"
    assert load_settings("r_tuning", "gpu", other).stands_in_for == "OpenLLaMA-3B"
    same = load_settings("center_bench", "cpu", "api:google/gemini-2.5-flash")
    assert (same.name, same.stands_in_for) == ("Gemini", None)


@pytest.mark.parametrize("scale", ["gpu", "paper"])
def test_the_papers_that_only_ask_may_choose_their_engine(scale, monkeypatch):
    """Of KIE-HVQA at scale gpu, whose small model reads features, and GCG, which takes gradients,
    the error says so; of a paper that reads inside its model, too. Each is one line."""
    chosen, refused = {}, {}
    whole = settings._scale

    def in_vllm(paper, of):
        return whole(paper, of) | {"engine": "vllm"}

    monkeypatch.setattr(settings, "_scale", in_vllm)
    settings._load_settings.cache_clear()
    for paper in paper_ids():
        for model in settings.model_names(paper, scale):
            try:
                chosen.setdefault(paper, load_settings(paper, scale, model).engine)
            except UserError as error:
                refused.setdefault(paper, str(error))
    settings._load_settings.cache_clear()
    asking = {"center_bench", "forbidden_science", "resa", "safe_eraser"}
    reading = {"r_tuning", "refusal_tokens", "roleref"}
    gcg, small = ({"resa"}, set()) if scale == "paper" else (set(), {"kie_hvqa"})
    assert chosen == dict.fromkeys((asking | {"kie_hvqa"}) - small, "vllm")
    assert refused.keys() == reading | gcg | small
    assert all("reads inside the model" in refused[paper] for paper in reading)
    assert all("adaptive.gcg" in refused[paper] for paper in gcg)
    assert all("small model" in refused[paper] for paper in small)
    assert all("\n" not in line and len(line) < 300 for line in refused.values())
