import json

from shared.files import atomic
from shared.plots import style
from shared.plots.drawing import Drawing, draw_all, figures_parser


def bars():
    fig, (axes,) = style.figure()
    axes.bar([0, 1], [1, 2])
    return fig


def test_what_can_be_drawn_is_and_the_rest_is_said(tmp_path, capsys):
    with atomic(tmp_path / "figures") as folder:
        folder.mkdir()
        (folder / "old.png").write_text("of an earlier run")
    drawings = {
        "bars": Drawing(bars, "of two things", "Two bars."),
        "nothing": Drawing(lambda: None, "", "Never shown."),
    }
    assert draw_all(drawings, tmp_path / "figures") == ["bars"]
    files = {path.name for path in (tmp_path / "figures").glob("[!.]*")}
    assert files == {"bars.png", "bars.pdf", "captions.json"}
    captions = json.loads((tmp_path / "figures" / "captions.json").read_text())
    assert captions == {"bars": "Two bars."}
    assert "nothing: not drawn" in capsys.readouterr().err


def test_the_command_line_of_a_figures_step():
    arguments = figures_parser("r_tuning").parse_args(["--scale=cpu", "--results=results/cpu"])
    assert (arguments.scale, arguments.model, str(arguments.results)) == (
        "cpu",
        None,
        "results/cpu",
    )
