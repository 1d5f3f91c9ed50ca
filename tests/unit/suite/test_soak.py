"""What a soak says of its runs."""

from pathlib import Path

from tests.soak import Failure, Run, read, told

REPORT = """<testsuites><testsuite><testcase classname="tests.wire.test_a" name="test_b">
<failure message="AssertionError: no\nmore">trace</failure></testcase>
<testcase classname="tests.wire.test_a" name="test_c"/></testsuite></testsuites>"""


def test_a_report_tells_how_many_tests_there_were_and_which_failed(tmp_path: Path) -> None:
    (tmp_path / "1.xml").write_text(REPORT)
    count, failures = read(tmp_path / "1.xml")
    assert count == 2
    assert [failure.test for failure in failures] == ["tests.wire.test_a::test_b"]


def test_whatever_failed_even_once_is_listed_most_often_first() -> None:
    a, b = Failure("a", "why a"), Failure("b", "why b")
    lines = told([Run(1, 9, (a,)), Run(2, 9, (b,)), Run(3, 9, (b,)), Run(4, 0, (), "no test was run")])
    assert [line.split()[:4] for line in lines] == [
        ["2", "of", "4", "b"], ["1", "of", "4", "a"], ["run", "4", "was", "not"],
    ]  # fmt: skip


def test_nothing_to_list_when_nothing_failed() -> None:
    assert told([Run(1, 9, ())]) == []
