"""The picture of a comparison: a panel for each scenario, each with bars from zero.

Scenarios differ by two orders of magnitude, and servers within one by one: on a shared scale the bars of the slow ones
could not be told apart, and lengths on a logarithmic one are no ratios. The picture brings its own background, which
follows the reader's system, so that it can be read on any page.
"""

import pathlib
from xml.sax.saxutils import escape

from scenarios import FIRST_PAGE

COLUMNS = 2
PANEL = 432
MARGIN = 16
LABEL = 84
VALUE = 104
BAR = 20
TITLE = 30
GAP = 18
HEAD = 58
STYLE = """
text { font: 13px -apple-system, "Segoe UI", Helvetica, Arial, sans-serif; fill: #1f2328 }
.title { font-weight: 600 } .big { font-size: 16px; font-weight: 600 } .quiet { fill: #59636e; font-size: 12px }
.page { fill: #ffffff; stroke: #d1d9e0 } .ours { fill: #1f6feb } .peer { fill: #afb8c1 } .own { font-weight: 600 }
@media (prefers-color-scheme: dark) {
  text { fill: #f0f6fc } .quiet { fill: #9198a1 } .page { fill: #0d1117; stroke: #3d444d }
  .ours { fill: #4493f8 } .peer { fill: #57606a }
}
"""


def draw(path, figures, titles, memory, names, machine):
    """Writes the picture of requests a second by scenario and server, and of memory in MiB."""
    panels = [(titles[scenario], [(name, entry["rps"], entry.get("ratio")) for name, entry in ordered(entries)])
              for scenario, entries in figures.items() if FIRST_PAGE not in entries]
    panels.append(("Resident memory after all of it, MiB (less is better)", [(name, mib, None) for name, mib in ordered(memory)]))
    pathlib.Path(path).write_text(picture(panels, names, machine))


def ordered(by_name):
    """Ours first."""
    return sorted(by_name.items(), key=lambda each: each[0] != "ours")


def picture(panels, names, machine):
    """An SVG of panels, each a title and its (server, value, ratio)."""
    lines, y = [], HEAD
    for row in (panels[first:first + COLUMNS] for first in range(0, len(panels), COLUMNS)):
        for column, panel in enumerate(row):
            lines += panel_at(MARGIN + column * (PANEL + MARGIN), y, *panel, names)
        y += TITLE + BAR * max(len(bars) for _, bars in row) + GAP
    width, height = COLUMNS * (PANEL + MARGIN) + MARGIN, y
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" role="img" '
        'aria-label="Requests a second of couplet and its peers">',
        f"<style>{STYLE}</style>",
        f'<rect class="page" x="0.5" y="0.5" width="{width - 1}" height="{height - 1}" rx="8"/>',
        text(MARGIN, 26, "Requests a second (more is better)", "big"),
        text(MARGIN, 44, f"The same rows in one run, × is to the one by hand; {machine}", "quiet"),
        *lines, "</svg>", ""])


def panel_at(x, y, title, bars, names):
    """A panel whose longest bar fills what labels and values leave."""
    most = max(value for _, value, _ in bars)
    yield text(x, y + 16, title, "title")
    for number, (name, value, ratio) in enumerate(bars):
        top = y + TITLE - 6 + number * BAR
        length = max(1, (PANEL - LABEL - VALUE) * value / most)
        is_ours = name == "ours"
        said = f"{value:,.0f}" + (f" ({ratio:.2f}×)" if is_ours and ratio else "")
        yield text(x, top + 14, names[name], "own" if is_ours else "")
        yield (f'<rect class="{"ours" if is_ours else "peer"}" x="{x + LABEL}" y="{top + 2}" width="{length:.1f}" '
               f'height="{BAR - 5}" rx="2"/>')
        yield text(x + LABEL + length + 6, top + 14, said, "own" if is_ours else "")


def text(x, y, words, style):
    return f'<text x="{x:.0f}" y="{y}" class="{style}">{escape(words)}</text>'
