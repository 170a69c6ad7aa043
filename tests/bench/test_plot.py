"""The picture, read back as XML."""

from pathlib import Path
from xml.etree import ElementTree

import pytest

from callcenter.bench import plot
from callcenter.bench.plot import Panel
from callcenter.errors import ConfigurationError
from tests.bench.made_calls import interruption, load

SVG = "{http://www.w3.org/2000/svg}"


def panel(*p95: float | None, limit_ms: float = 1500.0) -> Panel:
    return Panel(
        title="Answers & <waits>",
        limit_ms=limit_ms,
        limit="at most 1,500 ms",
        at_once=tuple(2**index for index in range(len(p95))),
        p50=tuple(None if value is None else value / 2 for value in p95),
        p95=p95,
    )


def drawn(*shown: Panel) -> ElementTree.Element:
    return ElementTree.fromstring(plot.picture(shown, "Turns <under> load", ["callcenter bench turns", "2026-11-21"]))


def texts(picture: ElementTree.Element) -> list[str]:
    return [element.text or "" for element in picture.iter(f"{SVG}text")]


def test_every_point_is_there_with_its_value_and_the_limit_between_them() -> None:
    picture = drawn(panel(1000.0, 2000.0, 4000.0))
    circles = [element for element in picture.iter(f"{SVG}circle") if element.get("class") == "p95"]
    heights = [float(circle.get("cy", "")) for circle in circles]
    (limit,) = [element for element in picture.iter(f"{SVG}line") if element.get("class") == "limit"]
    assert heights == sorted(heights, reverse=True)
    assert heights[0] > float(limit.get("y1", "")) > heights[1]
    assert heights[0] - heights[1] == pytest.approx((heights[1] - heights[2]) / 2, abs=0.2)
    assert {"1,000", "2,000", "4,000", "500", "1", "4", "calls at once", "ms", "p50", "p95"} <= set(texts(picture))
    assert {"Answers & <waits>", "Turns <under> load", "callcenter bench turns", "2026-11-21"} <= set(texts(picture))


def test_a_level_that_was_not_measured_leaves_a_hole() -> None:
    picture = drawn(panel(1000.0, None, 4000.0), panel(None, None, None))
    assert len([element for element in picture.iter(f"{SVG}circle") if element.get("class") == "p95"]) == 2
    assert len(list(picture.iter(f"{SVG}polyline"))) == 2


def test_all_is_within_the_picture() -> None:
    picture = drawn(panel(1.0, 20_000.0), panel(149.0, 151.0, limit_ms=150.0))
    _, _, width, height = map(float, picture.get("viewBox", "").split())
    for element in picture.iter():
        for name, most in (("x", width), ("cx", width), ("x2", width), ("y", height), ("cy", height), ("y2", height)):
            if name in element.attrib:
                assert 0 <= float(element.attrib[name]) <= most


def test_panels_of_what_was_measured() -> None:
    answers, stops = plot.panels([load(1, 700.0, 900.0), load(2, 800.0, interruptions=(interruption(130.0),))])
    assert (answers.at_once, answers.p50, answers.p95) == ((1, 2), (700.0, 800.0), (900.0, 800.0))
    assert (stops.p50, stops.p95, stops.limit_ms) == ((None, 130.0), (None, 130.0), 150.0)


@pytest.mark.parametrize("name", ["turns.png", "turns", "turns.svg.pdf", "nowhere/turns.svg"])
def test_what_cannot_be_written_is_refused_at_once(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigurationError, match=r"--plot .*(only \.svg|no folder)"):
        plot.check(tmp_path / name)


def test_what_can_be_written(tmp_path: Path) -> None:
    plot.check(tmp_path / "turns.SVG")
