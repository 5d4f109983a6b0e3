import pytest

from shared.comparison.printed import COLUMNS
from shared.comparison.reported import half_unit, own_numbers, read_reported
from shared.errors import UserError

HEADER = ",".join(COLUMNS)
GOOD = "table1,Big,New,Set A,ap,93.230,%,higher,100,paper,"


@pytest.fixture
def read(tmp_path):
    def of(*lines, header=HEADER):
        (tmp_path / "reported.csv").write_text("\n".join([header, *lines]) + "\n")
        return read_reported(tmp_path / "reported.csv")

    return of


def test_values_stay_as_printed(read):
    reported = read(GOOD, 'table1,Big,,Set A,size,-4,,,,figure,"read off, by eye"')
    assert reported["value"].tolist() == ["93.230", "-4"]
    assert reported["number"].tolist() == [93.23, -4.0]
    assert reported["method"].tolist() == ["New", ""]
    assert reported["note"][1] == "read off, by eye"


def test_own_numbers(read):
    lines = [
        f"table{i},Big,New,Set A,ap,1,%,,,{source},"
        for i, source in enumerate(["paper", "abstract", "figure", "code", "secondary", "derived"])
    ]
    assert own_numbers(read(*lines))["source"].tolist() == ["paper", "abstract", "figure", "code"]


def test_a_cell_whose_number_is_not_known_has_a_note_in_its_place(read):
    reported = read(GOOD, "table2,Big,New,Set A,ap,,%,,,paper,the table could not be read")
    assert reported["value"].tolist() == ["93.230", ""]
    assert reported["number"].isna().tolist() == [False, True]
    assert own_numbers(reported)["item"].tolist() == ["table1"]


@pytest.mark.parametrize(
    "line, message",
    [
        (GOOD.replace("93.230", "about 93"), "3: value 'about 93'; expected a plain number"),
        (GOOD.replace("93.230", ""), "3: no value; expected one, or a note that says why"),
        (GOOD.replace("93.230", "93.2%"), "3: value '93.2%'"),
        (GOOD.replace(",%,", ",percent,"), "3: unit 'percent'; expected one of: %, nothing"),
        (GOOD.replace("higher", "up"), "3: direction 'up'; expected one of: higher, lower, nothin"),
        (GOOD.replace("paper", "text"), "3: source 'text'; expected one of: paper, abstract, figu"),
        (GOOD.replace("100", "1e2"), "3: n '1e2'; expected a whole number or nothing"),
        (GOOD.replace("table1", ""), "3: item is empty"),
        (GOOD + ",more", "3: found 12 fields; expected 11"),
        (
            GOOD.replace("93.230", "50"),
            "3: cell table1 / Big / New / Set A / ap is already in line 2",
        ),
    ],
)
def test_a_mistake_names_file_and_line(read, line, message):
    with pytest.raises(UserError) as error:
        read(GOOD, line)
    assert f"reported.csv:{message}" in str(error.value)
    assert "\n" not in str(error.value)


def test_header_and_file(read, tmp_path):
    with pytest.raises(
        UserError, match=r"reported\.csv:1: found columns item,value; expected item,"
    ):
        read("table1,3", header="item,value")
    with pytest.raises(UserError, match="no such file"):
        read_reported(tmp_path / "none.csv")


@pytest.mark.parametrize(
    "printed, half", [("93.23", 0.005), ("0.426", 0.0005), ("44", 0.5), ("7.0", 0.05), ("-3", 0.5)]
)
def test_half_unit(printed, half):
    assert half_unit(printed) == half
