"""What needs no server: `python3 -m unittest discover tests/bench`."""

import tempfile
import unittest
import xml.etree.ElementTree
from pathlib import Path

import drawing
import load
import machine
import report
import servers
from load import Round

WRK = """Running 5s test @ http://127.0.0.1:8000/books
  1 threads and 16 connections
  Latency Distribution
     50%  832.00us
     75%    1.20ms
     90%    2.00ms
     99%    1.50s
  1000 requests in 5.00s, 1.00MB read
Requests/sec:    200.50
Transfer/sec:      0.20MB
"""


class Load(unittest.TestCase):
    def test_reads_the_rate_and_latencies_in_seconds(self):
        self.assertEqual(load.parse(WRK), Round(200.5, 832e-6, 1.5))

    def test_an_answer_that_is_no_success_is_no_figure(self):
        self.assertEqual(load.parse(WRK + "  Non-2xx or 3xx responses: 12\n"), "12 answers are no success")

    def test_a_lost_connection_is_no_figure(self):
        self.assertEqual(load.parse(WRK + "  Socket errors: connect 0, read 3, write 0, timeout 0\n"), "connections were lost")

    def test_no_requests_are_no_figure(self):
        self.assertEqual(load.parse("Requests/sec:      0.00\n"), "wrk found nothing to measure")

    def test_each_contestant_runs_once_a_round_and_who_begins_moves_on(self):
        order = []
        found = load.alternate({"a": 1, "b": 2}, 3, lambda it: order.append(it) or it)
        self.assertEqual(order, [1, 2, 2, 1, 1, 2])
        self.assertEqual(found, {"a": [1, 1, 1], "b": [2, 2, 2]})

    def test_a_ratio_is_the_median_of_the_ratios_within_rounds(self):
        self.assertEqual(load.ratio([10, 30, 80], [10, 10, 20]), {"ratio": 3, "lowest": 1, "highest": 4})

    def test_a_summary_holds_medians(self):
        rounds = [Round(rps, 0.002, 0.005) for rps in (100, 300, 200)]
        said = load.summary(rounds, rounds)
        self.assertEqual((said["rps"], said["p50_ms"], said["p99_ms"], said["ratio"]), (200, 2, 5, 1))


class Reports(unittest.TestCase):
    def test_a_table_in_markdown(self):
        table = report.Table("Lists", {"list": "<9", "req/s": ">6"}, printed=False)
        table.row("first", 7)
        self.assertEqual(table.markdown(), "Lists:\n\n| list | req/s |\n| :-- | --: |\n| first | 7 |\n")

    def test_a_table_fills_its_own_section_and_no_other(self):
        before = "# A\n<!-- results: one -->\n<!-- end -->\nB\n<!-- results: two -->\nold\n<!-- end -->\nC\n"
        self.assertEqual(report.filled(before, "two", "new\n"),
                         "# A\n<!-- results: one -->\n<!-- end -->\nB\n<!-- results: two -->\n\nnew\n\n<!-- end -->\nC\n")

    def test_filling_a_section_again_replaces_it(self):
        once = report.filled("<!-- results: one -->\n<!-- end -->\n", "one", "new\n")
        self.assertEqual(report.filled(once, "one", "new\n"), once)

    def test_a_file_without_marks_is_the_text_alone(self):
        self.assertEqual(report.filled("old", "one", "new\n"), "new\n")

    def test_numbers_have_three_digits_or_all_before_the_point(self):
        self.assertEqual([report.number(value) for value in (0.123, 9.876, 45.67, 12345.6)], ["0.12", "9.88", "45.7", "12,346"])


class Others(unittest.TestCase):
    def test_rows_are_the_same_however_their_times_are_written(self):
        row = {"id": 1, "created_at": "2021-01-01T00:00:10Z", "books": [{"id": 3}, {"id": 2}], "author": {"id": 1}}
        other = {"id": 1, "created_at": "2021-01-01T00:00:10.000000+00:00", "books": [{"id": 2}, {"id": 3}], "author": {"id": 1}}
        self.assertEqual(servers.comparable(row), servers.comparable(other))
        self.assertNotEqual(servers.comparable(row), servers.comparable(other | {"author": {"id": 2}}))

    def test_the_model_of_a_cpu(self):
        self.assertEqual(machine.cpu_model("processor\t: 0\nmodel name\t: A & B\n"), "A & B")

    def test_a_picture_is_xml_with_a_bar_for_each_server(self):
        entry = {"rps": 1200.4, "ratio": 1.5}
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "bars.svg"
            drawing.draw(path, {"list20": {"handwritten": {"rps": 800.0}, "ours": entry}}, {"list20": "A <list>"}, {"ours": 12.0},
                         servers.TITLES, "A & B")
            root = xml.etree.ElementTree.fromstring(path.read_text())
        said = [text.text for text in root.iter("{http://www.w3.org/2000/svg}text")]
        self.assertIn("A <list>", said)
        self.assertLess(said.index("1,200 (1.50×)"), said.index("800"))
        self.assertEqual(sum(bar.get("class") != "page" for bar in root.iter("{http://www.w3.org/2000/svg}rect")), 3)


if __name__ == "__main__":
    unittest.main()
