import re
import warnings

from cellsize.report import drawing


def draw(name: str, label: str = "A chart") -> str:
    with drawing.style(name):
        figure, axes = drawing.panel(3, 2)
        axes.plot([0, 1], [0, 1], color=drawing.SERIES[0])
        axes.set_title("東京 costs US$ and A$", color=drawing.INK)
        return drawing.svg(figure, name, label)


def test_a_drawing_is_the_same_twice_and_holds_no_address_and_no_fixed_colour() -> None:
    first, second = draw("toy"), draw("toy")
    assert first == second
    assert "http" not in first
    assert "<metadata" not in first
    assert not any(marker in first for marker in drawing.VARIABLES)
    assert "var(--colour-1)" in first


def test_every_id_begins_with_the_charts_name() -> None:
    ids = re.findall(r'\bid="([^"]+)"', draw("toy"))
    assert ids
    assert all(name.startswith("toy-") for name in ids)
    assert not set(ids) & set(re.findall(r'\bid="([^"]+)"', draw("other")))


def test_a_screen_reader_gets_the_label_escaped() -> None:
    assert draw("toy", 'Less "<" more').startswith('<svg role="img" aria-label="Less &quot;&lt;&quot; more"')


def test_a_dollar_sign_is_text_and_unknown_letters_raise_no_warning() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert "東京 costs US$ and A$" in draw("toy")


def test_colours_return_after_six() -> None:
    assert drawing.colour(0) == drawing.colour(6) != drawing.colour(1)
