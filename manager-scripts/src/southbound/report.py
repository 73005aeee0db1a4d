# SPDX-License-Identifier: Apache-2.0
"""The demo's report: one HTML file with its plots drawn as SVG, nothing loaded from elsewhere."""
import html
import math
from typing import Any, Dict, List, Optional, Sequence, Tuple

COLOURS = ("#2563eb", "#d97706", "#059669", "#db2777", "#7c3aed", "#0891b2")
WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 900, 280, 64, 12, 24, 34
SHORTEST = 0.15  # seconds over which a rate is a rate
LANE, CHARACTER = 14, 7  # height of a line of events' names, width of a character, both at most
STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; color: #1f2937; background: #fff; }
h1 { margin-bottom: 0; } h2 { margin-top: 2.2rem; } .quiet { color: #6b7280; }
table { border-collapse: collapse; width: 100%; } th, td { text-align: left; padding: .3rem .6rem; border-bottom: 1px solid #e5e7eb; vertical-align: top; }
td.number, th.number { text-align: right; font-variant-numeric: tabular-nums; }
.ok { color: #047857; font-weight: 600; } .bad { color: #b91c1c; font-weight: 600; }
svg { width: 100%; height: auto; } svg text { font-size: 12px; fill: #4b5563; } .grid { stroke: #e5e7eb; } .event { stroke: #9ca3af; stroke-dasharray: 3 3; }
.legend span { margin-right: 1.2rem; } .legend i { display: inline-block; width: .8rem; height: .8rem; margin-right: .35rem; }
.tiles { display: flex; flex-wrap: wrap; gap: .8rem; margin: 1rem 0; } .tile { border: 1px solid #e5e7eb; border-radius: .5rem; padding: .5rem .9rem; }
.tile b { display: block; font-size: 1.3rem; }
@media (prefers-color-scheme: dark) { body { color: #e5e7eb; background: #111827; } th, td, .tile { border-color: #374151; } svg text { fill: #9ca3af; }
 .grid { stroke: #374151; } .ok { color: #34d399; } .bad { color: #f87171; } .quiet { color: #9ca3af; } }
"""
Series = Tuple[str, Sequence[Tuple[float, float]]]


def escape(value: Any) -> str:
  return html.escape(str(value))


def ticks(high: float, count: int = 5) -> List[float]:
  """Round values from 0 to at least `high`."""
  if high <= 0:
    return [0.0, 1.0]
  raw = high / count
  size = 10.0 ** math.floor(math.log10(raw))
  step = next(size * factor for factor in (1, 2, 5, 10) if size * factor >= raw)
  found = [0.0]
  while found[-1] < high - 1e-12:
    found.append(round(found[-1] + step, 12))
  return found


def number(value: float) -> str:
  return f"{value:,.0f}" if value >= 10 or value == int(value) else f"{value:.3g}"


def plot(series: Sequence[Series], unit: str, events: Sequence[Tuple[float, str]] = ()) -> str:
  """Lines over seconds, with a legend and dashed lines at events."""
  points = [point for _, line in series for point in line]
  if not points:
    return "<p class=quiet>No samples.</p>"
  begin, end = min(x for x, _ in points), max(x for x, _ in points)
  across = ticks(end - begin)
  up = ticks(max(y for _, y in points))
  span = max(end - begin, 1e-9)

  def x_of(value):
    return LEFT + (value - begin) / span * (WIDTH - LEFT - RIGHT)

  # Names of events stand above the plot, in as many lines as it takes for none to cover another.
  lanes: List[float] = []
  placed = []
  for at, name in sorted(each for each in events if begin <= each[0] <= end):
    width = len(name) * CHARACTER
    x = min(x_of(at) + 3, WIDTH - width)
    lane = next((index for index, free in enumerate(lanes) if free < x), len(lanes))
    lanes[lane:lane + 1] = [x + width + 6]
    placed.append((x_of(at), x, lane, name))
  top = TOP + LANE * len(lanes)
  height = HEIGHT + LANE * len(lanes)

  def y_of(value):
    return height - BOTTOM - value / up[-1] * (height - top - BOTTOM)

  parts = [f'<svg viewBox="0 0 {WIDTH} {height}" role="img">']
  for value in up:
    parts.append(f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y_of(value):.1f}" y2="{y_of(value):.1f}"/>'
                 f'<text x="{LEFT - 8}" y="{y_of(value) + 4:.1f}" text-anchor="end">{number(value)}</text>')
  for value in across:
    if value <= span:
      parts.append(f'<text x="{x_of(begin + value):.1f}" y="{height - BOTTOM + 16}" text-anchor="middle">{number(value)}</text>')
  parts.append(f'<text x="{WIDTH - RIGHT}" y="{height - 4}" text-anchor="end">seconds</text>'
               f'<text x="{LEFT - 8}" y="{top - 10}" text-anchor="end">{escape(unit)}</text>')
  for at, x, lane, name in placed:
    parts.append(f'<line class="event" x1="{at:.1f}" x2="{at:.1f}" y1="{LANE * lane + 4}" y2="{height - BOTTOM}"/>'
                 f'<text x="{x:.1f}" y="{LANE * lane + 13}">{escape(name)}</text>')
  for index, (name, line) in enumerate(series):
    path = " ".join(f"{x_of(x):.1f},{y_of(y):.1f}" for x, y in line)
    parts.append(f'<polyline fill="none" stroke="{COLOURS[index % len(COLOURS)]}" stroke-width="1.8" points="{path}"><title>{escape(name)}</title></polyline>')
  parts.append("</svg>")
  return "".join(parts) + legend([name for name, _ in series])


def legend(names: Sequence[str]) -> str:
  return '<p class="legend">' + "".join(f'<span><i style="background:{COLOURS[index % len(COLOURS)]}"></i>{escape(name)}</span>'
                                        for index, name in enumerate(names)) + "</p>"


def timeline(phases: Sequence[Tuple[str, float, float]]) -> str:
  """Bars, one below the other: (name, begin, end) in milliseconds."""
  if not phases:
    return "<p class=quiet>No samples.</p>"
  end = max(each[2] for each in phases) or 1.0
  row, left = 26, 190
  scale = (WIDTH - left - 90) / end
  parts = [f'<svg viewBox="0 0 {WIDTH} {row * len(phases) + 8}" role="img">']
  for index, (name, begin, until) in enumerate(phases):
    width = max((until - begin) * scale, 2)
    parts.append(f'<text x="{left - 8}" y="{index * row + 20}" text-anchor="end">{escape(name)}</text>'
                 f'<rect x="{left + begin * scale:.1f}" y="{index * row + 6}" width="{width:.1f}" height="{row - 8}" rx="3" fill="{COLOURS[index % len(COLOURS)]}"/>'
                 f'<text x="{left + begin * scale + width + 6:.1f}" y="{index * row + 20}">{number(until - begin)} ms</text>')
  return "".join(parts) + "</svg>"


def rates(samples: Sequence[Tuple[float, float]]) -> List[Tuple[float, float]]:
  """Per second, from values of a counter at times; of samples that came together, the last counts."""
  found: List[Tuple[float, float]] = []
  last = samples[0] if samples else (0.0, 0.0)
  for each in samples[1:]:
    if each[0] - last[0] >= SHORTEST:
      found.append(((last[0] + each[0]) / 2, (each[1] - last[1]) / (each[0] - last[0])))
      last = each
  return found


def table(head: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
  numeric = [all(isinstance(row[column], (int, float)) and not isinstance(row[column], bool) for row in rows) for column in range(len(head))]
  mark = [' class="number"' if each else "" for each in numeric]
  parts = ["<table><tr>" + "".join(f"<th{mark[column]}>{escape(name)}</th>" for column, name in enumerate(head)) + "</tr>"]
  for row in rows:
    cells = [f"{value:,}" if numeric[column] and isinstance(value, int) else escape(value) for column, value in enumerate(row)]
    parts.append("<tr>" + "".join(f"<td{mark[column]}>{cell}</td>" for column, cell in enumerate(cells)) + "</tr>")
  return "".join(parts) + "</table>"


def steps_table(steps: Sequence[Dict[str, Any]]) -> str:
  rows = []
  for each in steps:
    verdict = '<td class="ok">ok</td>' if each["ok"] else '<td class="bad">failed</td>'
    rows.append(f'<tr>{verdict}<td>{escape(each["name"])}</td><td>{escape(each["detail"])}</td></tr>')
  return "<table><tr><th></th><th>step</th><th>what happened</th></tr>" + "".join(rows) + "</table>"


def page(summary: Dict[str, Any], sections: Sequence[Tuple[str, str]], subtitle: Optional[str] = None) -> str:
  """The document: tiles of the summary's figures, the steps, then the sections (title, HTML)."""
  transfer = summary["transfer"]
  tiles = [("packets", summary["packets"]), ("flows", summary["flows"]), ("lost", summary["lost"]), ("duplicated", summary["duplicated"]),
           ("reordered", summary["reordered"]), ("flows moved", transfer["flows"]), ("transfer took", f"{transfer['millis']:.1f} ms")]
  verdict = '<span class="ok">every step verified</span>' if summary["ok"] else '<span class="bad">a step failed</span>'
  body = [f"<h1>southbound demo</h1><p class=quiet>{escape(subtitle or '')}</p><p>{verdict}</p>", '<div class="tiles">']
  body += [f'<div class="tile">{escape(name)}<b>{f"{value:,}" if isinstance(value, int) else escape(value)}</b></div>' for name, value in tiles]
  body.append("</div><h2>Steps</h2>" + steps_table(summary["steps"]))
  body += [f"<h2>{escape(title)}</h2>{content}" for title, content in sections]
  return (f'<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">'
          f"<title>southbound demo</title><style>{STYLE}</style></head><body>{''.join(body)}</body></html>\n")
