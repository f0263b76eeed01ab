"""Tables: printed while they are measured, then written as Markdown and JSON."""

import argparse
import json
import pathlib

import machine


def options(doc, rounds, seconds=None, sizes=True):
    """The options that all commands have."""
    parser = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=positive, default=rounds)
    if seconds:
        parser.add_argument("--seconds", type=positive, default=seconds, help="of load in each round")
    if sizes:
        parser.add_argument("--ours", required=True, help="the command that starts our service")
    parser.add_argument("--json", help="write all figures to this file")
    parser.add_argument("--markdown", help="write the tables to this file, between its marks for them where it has some")
    return parser


def positive(text):
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("at least 1")
    return number


class Table:
    """Columns are headings with the format of their texts, as in `>9`; the first is aligned left in Markdown."""

    def __init__(self, title, columns, printed=True):
        self.title, self.columns, self.printed, self.rows = title, columns, printed, []
        if printed:
            print(f"\n{title}")
            self.print_row(columns)

    def row(self, *cells):
        cells = [str(cell) for cell in cells]
        self.rows.append(cells)
        if self.printed:
            self.print_row(cells)

    def print_row(self, cells):
        line = "  ".join(format(cell, width) for cell, width in zip(cells, self.columns.values(), strict=True))
        print(line.rstrip(), flush=True)

    def markdown(self):
        marks = [":--" if width.startswith("<") else "--:" for width in self.columns.values()]
        lines = [list(self.columns), marks, *self.rows]
        return f"{self.title}:\n\n" + "".join(f"| {' | '.join(line)} |\n" for line in lines)


class Report:
    """The tables of one command."""

    def __init__(self, section, venv=None):
        self.section, self.tables, self.figures, self.notes = section, [], {}, []
        self.machine = machine.describe(venv)
        for name, value in self.machine.items():
            print(f"{name:11} {value}")

    def table(self, title, columns, printed=True):
        self.tables.append(Table(title, columns, printed))
        return self.tables[-1]

    def note(self, text):
        """A sentence below the tables."""
        self.notes.append(text)
        print(f"\n{text}", flush=True)

    def markdown(self):
        facts = "; ".join(f"{name} {value}" for name, value in self.machine.items())
        parts = [table.markdown() for table in self.tables] + [f"{note}\n" for note in self.notes] + [f"Measured on: {facts}.\n"]
        return "\n".join(parts)

    def write(self, options):
        if options.json:
            everything = {"machine": self.machine, "figures": self.figures}
            pathlib.Path(options.json).write_text(json.dumps(everything, indent=1) + "\n")
        if options.markdown:
            path = pathlib.Path(options.markdown)
            before = path.read_text() if path.exists() else ""
            path.write_text(filled(before, self.section, self.markdown()))


def filled(document, section, text):
    """A document with the text between `<!-- results: section -->` and `<!-- end -->`; without those marks, the text alone."""
    begin, end = f"<!-- results: {section} -->\n", "<!-- end -->"
    head, found, rest = document.partition(begin)
    if not found:
        return text
    _, found, tail = rest.partition(end)
    if not found:
        raise SystemExit(f"there is no {end} after {begin.strip()}")
    return f"{head}{begin}\n{text}\n{end}{tail}"


def number(value):
    """Three digits, or all of those before the point."""
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def times(entry):
    """A ratio and how far its rounds lie apart."""
    if "ratio" not in entry:
        return "", ""
    return f"{entry['ratio']:.2f}", f"{entry['lowest']:.2f}–{entry['highest']:.2f}"
