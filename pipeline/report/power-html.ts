import { formatCount, formatPercent } from '../format.ts';
import { metricText } from '../metrics.ts';
import { CANDIDATE, type Chart, dots, draw, label, line, MUTED, number, reference } from './chart-parts.ts';
import { figure, type Part, page, section, unbroken } from './html-page.ts';
import { cell, column, list, numbers, table } from './html-pieces.ts';
import { html, text, withCode } from './markup.ts';
import { basisText, type PowerPlan, planSentences, ruleText } from './power.ts';

/** The plan as one self-contained page, in the style of the report. */
export function renderPowerPage(plan: PowerPlan): string {
  const [today, needed] = planSentences(plan);
  const name = plan.model === plan.project ? plan.project : `${plan.project}, ${plan.model}`;
  const parts: Part[] = [
    {
      id: 'curve',
      title: 'Chance by size',
      aside: basisText(plan),
      body: html`<div class="charts">${figure(powerChart(plan))}</div>${sizes(plan)}`,
    },
  ];
  if (plan.notes.length > 0)
    parts.push({
      id: 'notes',
      title: 'Notes',
      aside: '',
      body: list(plan.notes.map((note) => withCode(note, 600))),
    });
  const body = html`
    <header class="page"><p class="project">${text(name, 120)}</p><p class="run"><span>${text(plan.run, 120)}</span></p></header>
    <main>
    <section class="verdict" aria-labelledby="answer">
      <h1 id="answer"><span class="word">${plan.needed === null ? 'Out of reach' : html`${formatCount(plan.needed.rows)} rows`}</span> <span class="why">${text(needed, 600)}</span></h1>
      <p class="outcome">${text(today, 600)}</p>
    </section>
    ${parts.map(section)}
    </main>
    <footer>Written by <code>mlops power</code>.</footer>`;
  return page(`Size of the holdout: ${name}`, unbroken(body));
}

function powerChart(plan: PowerPlan): Chart {
  const { curve, today, needed, power } = plan;
  const [first, last] = [curve[0]?.rows ?? 1, curve.at(-1)?.rows ?? 10];
  const marks: [number, number][] = [[today.rows, today.chance]];
  if (needed !== null) marks.push([needed.rows, power]);
  return {
    title: `Chance to pass ${ruleText(plan)}`,
    caption: `By rows of the holdout, on a logarithmic scale. The grey dot is today's holdout, the blue one where ${formatPercent(power)} is reached.`,
    svg: draw(
      {
        xAxis: {
          ...number('Rows of the holdout'),
          type: 'log',
          min: first,
          max: last,
          axisLabel: { ...label(formatCount), showMinLabel: false, showMaxLabel: false },
        },
        yAxis: { ...number(''), min: 0, max: 1, interval: 0.2, axisLabel: label(formatPercent) },
        grid: { left: 52, right: 14, top: 14, bottom: 44 },
        series: [
          reference([
            [first, power],
            [last, power],
          ]),
          line(
            curve.map(({ rows, chance }) => [rows, chance]),
            CANDIDATE,
          ),
          dots(marks.slice(0, 1), MUTED, 10),
          dots(marks.slice(1), CANDIDATE, 10),
        ],
      },
      'power',
      `Chance to pass by rows of the holdout, in ${metricText(plan.metric).label}`,
      `${formatPercent(today.chance)} on today's ${formatCount(today.rows)} rows${needed === null ? '' : `; ${formatPercent(power)} on ${formatCount(needed.rows)}`}.`,
    ),
  };
}

/** The curve as a table, for those who cannot see it: every fifth point. */
function sizes({ curve, today }: PowerPlan) {
  const positives = today.positives !== null;
  const head = [column('Rows'), numbers(...(positives ? ['Positive'] : []), 'Passes')];
  const rows = curve
    .filter((_, i) => i % 5 === 0)
    .map(
      (point) => html`<tr>
        <th scope="row">${formatCount(point.rows)}</th>
        ${positives && cell('number', formatCount(point.positives ?? 0))}
        ${cell('number strong', formatPercent(point.chance))}
      </tr>`,
    );
  return table('Chance by size', head, rows, 'sizes');
}
