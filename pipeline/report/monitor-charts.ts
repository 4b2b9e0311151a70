import type { EChartsOption, SeriesOption } from 'echarts';
import {
  decimalsFor,
  formatCount,
  formatCountOf,
  formatInterval,
  formatPercent,
  formatValue,
} from '../format.ts';
import {
  CANDIDATE,
  CHAMPION,
  type Chart,
  draw,
  label,
  MUTED,
  number,
  paddedRange,
  short,
  steps,
  unit,
} from './chart-parts.ts';
import { EVENTS, isWorse, metricLabel } from './monitor-reading.ts';
import type { MonitorEvent, MonitorReport, ScoreDrift } from './monitor-report.ts';

const BAD = 'var(--bad)';
const WARN = 'var(--warn)';
const GOOD = 'var(--good)';
const INK = 'var(--ink)';
const LINE = 'var(--line)';
const REFERENCE = 'var(--reference)';
const PAPER = 'var(--paper)';

/** Lanes of events below the line of time, from the top. */
const LANES: { kinds: MonitorEvent['kind'][]; name: string; color: string; symbol: string }[] = [
  { kinds: ['decay alarm'], name: EVENTS['decay alarm'], color: BAD, symbol: 'triangle' },
  { kinds: ['drift alarm'], name: EVENTS['drift alarm'], color: WARN, symbol: 'triangle' },
  { kinds: ['promotion', 'rollback', 'return'], name: EVENTS.promotion, color: INK, symbol: 'diamond' },
  { kinds: ['release'], name: EVENTS.release, color: MUTED, symbol: 'circle' },
];
const LANE = 20;
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** The line of time in two sizes, of which a page shows the one that fits; null without windows. */
export function timeCharts(look: MonitorReport): { wide: Chart; narrow: Chart } | null {
  const isTime = (time: string) => !Number.isNaN(Date.parse(time));
  const windows = look.windows.filter(({ start, end }) => isTime(start) && isTime(end));
  if (windows.length === 0) return null;
  const report = { ...look, windows, events: look.events.filter(({ at }) => isTime(at)) };
  return {
    wide: timeChart(report, 'time', { width: 832, left: 92 }),
    narrow: timeChart(report, 'time-narrow', { width: 380, left: 84 }),
  };
}

interface Drawn {
  start: number;
  end: number;
  middle: number;
}

function timeChart(
  report: MonitorReport,
  id: string,
  { width, left }: { width: number; left: number },
): Chart {
  const { windows, watched, events } = report;
  const { metric } = watched;
  const at = windows.map(({ start, end }): Drawn => {
    const [from, to] = [Date.parse(start), Date.parse(end)];
    return { start: from, end: to, middle: (from + to) / 2 };
  });
  const from = Math.min(...at.map(({ start }) => start));
  const to = Math.max(...at.map(({ end }) => end), ...events.map((event) => Date.parse(event.at)));
  const values = metricValues(report);
  const hasMetric = windows.some(({ estimate, measured }) => estimate !== null || measured !== null);
  const hasDrift = windows.some(({ scores }) => scores?.value != null);
  const lanes = LANES.filter(({ kinds }) => events.some(({ kind }) => kinds.includes(kind)));
  const hasLabels = watched.truth;
  const panels: { kind: 'metric' | 'drift' | 'lanes'; height: number }[] = [];
  if (hasMetric) panels.push({ kind: 'metric', height: 200 });
  if (hasDrift) panels.push({ kind: 'drift', height: 72 });
  const laneNames = [...(hasLabels ? ['Labels'] : []), ...lanes.map(({ name }) => name)];
  if (laneNames.length > 0) panels.push({ kind: 'lanes', height: laneNames.length * LANE });
  const gaps = 40;
  let top = 30;
  const grids = panels.map(({ kind, height }) => {
    const grid = { left, right: 14, top, height };
    top += height + (kind === 'lanes' ? 12 : gaps);
    return grid;
  });
  const height = top + 18;
  const panelOf = (kind: (typeof panels)[number]['kind']) => panels.findIndex((panel) => panel.kind === kind);
  const series: SeriesOption[] = [];
  if (hasMetric) series.push(...metricSeries(report, at, panelOf('metric'), { from, to }));
  if (hasDrift) series.push(...driftSeries(report, at, panelOf('drift'), { from, to }));
  if (laneNames.length > 0) series.push(...laneSeries(report, at, panelOf('lanes'), laneNames, lanes));
  const alarms = events.filter(({ kind }) => kind.endsWith('alarm') || kind === 'promotion');
  for (const [i, panel] of panels.entries())
    if (panel.kind !== 'lanes')
      series.push(
        ...alarms.map((event) => eventLine(event, i, panel.kind === 'metric' ? values : driftValues(report))),
      );
  const option: EChartsOption = {
    useUTC: true,
    grid: grids,
    xAxis: panels.map((_, i) => ({
      type: 'time' as const,
      gridIndex: i,
      min: from,
      max: to,
      splitNumber: width > 600 ? 7 : 3,
      axisLine: { show: i === panels.length - 1, onZero: false, lineStyle: { color: LINE } },
      axisTick: { show: false },
      splitLine: { show: false },
      axisLabel: {
        ...label(dateLabel),
        show: i === panels.length - 1,
        showMinLabel: false,
        showMaxLabel: false,
      },
    })),
    yAxis: panels.map(({ kind }, i) => {
      if (kind === 'lanes')
        return {
          type: 'category' as const,
          gridIndex: i,
          data: laneNames,
          inverse: true,
          axisLine: { show: false },
          axisTick: { show: false },
          splitLine: { show: true, interval: 0, lineStyle: { color: LINE } },
          axisLabel: { color: MUTED, fontSize: 12 },
        };
      return {
        ...number(''),
        gridIndex: i,
        name: kind === 'metric' ? metricLabel(metric) : 'Drift of the scores',
        nameLocation: 'end' as const,
        nameGap: 10,
        nameTextStyle: {
          color: INK,
          fontSize: 12,
          fontWeight: 600,
          align: 'left' as const,
          padding: [0, 0, 0, 6 - left],
        },
        axisLine: { show: false },
        splitNumber: kind === 'metric' ? 4 : 2,
        ...(kind === 'metric' ? paddedRange(values) : driftRange(report)),
        axisLabel: {
          ...label((value) => formatValue(value, Math.max(0, Math.min(3, decimalsFor(value)) - 1))),
          showMinLabel: kind === 'drift',
          showMaxLabel: false,
        },
        scale: kind === 'metric',
      };
    }),
    series,
  };
  return {
    title: 'Line of time',
    caption: '',
    svg: draw(option, id, 'Line of time', timeText(report), { width, height }),
  };
}

/**
 * What the metric's axis must hold: values, limit and reference, and intervals but those of windows of few rows, which would make
 * all others too small to read.
 */
function metricValues({ windows, watched: { metric, limit }, reference }: MonitorReport): number[] {
  const found = windows
    .flatMap(({ estimate, measured }) => [estimate, measured])
    .filter((each) => each !== null);
  const widths = found.map(({ interval: [low, high] }) => high - low).sort((a, b) => a - b);
  const most = 2.5 * (widths[Math.floor(widths.length / 2)] ?? 0);
  const before = reference?.metrics[metric]?.value;
  return [
    ...found.map(({ value }) => value),
    ...found.flatMap(({ interval: [low, high] }) => (high - low <= most ? [low, high] : [])),
    ...(limit === null ? [] : [limit]),
    ...(before === undefined ? [] : [before]),
  ].filter(Number.isFinite);
}

const driftValues = ({ windows }: MonitorReport): number[] => [
  0,
  ...windows.flatMap(({ scores }) => [scores?.value ?? 0, scores?.limit ?? 0]),
];

const driftRange = (report: MonitorReport) => ({
  min: Math.min(0, ...driftValues(report)),
  max: 1.15 * Math.max(...driftValues(report), 0.05),
});

function dateLabel(value: number): string {
  const date = new Date(value);
  const [month, day] = [MONTHS[date.getUTCMonth()] ?? '', date.getUTCDate()];
  // Windows may be shorter than an hour.
  if (value % 86_400_000 !== 0) return date.toISOString().slice(11, value % 60_000 === 0 ? 16 : 19);
  return day === 1 ? (date.getUTCMonth() === 0 ? String(date.getUTCFullYear()) : month) : `${day} ${month}`;
}

const silent = { silent: true, animation: false } as const;

/** A box per row of data: from x 0 to x 1 and from y 2 to y 3, in the colour that belongs to its index. */
function boxes(data: number[][], panel: number, styleOf: (index: number) => object): SeriesOption {
  return {
    type: 'custom',
    ...silent,
    clip: true,
    xAxisIndex: panel,
    yAxisIndex: panel,
    data,
    renderItem: (params, api) => {
      const [x0 = 0, y0 = 0] = api.coord([api.value(0), api.value(2)]);
      const [x1 = 0, y1 = 0] = api.coord([api.value(1), api.value(3)]);
      const gap = x1 - x0 > 5 ? 1 : 0;
      return {
        type: 'rect',
        shape: {
          x: x0 + gap / 2,
          y: Math.min(y0, y1),
          width: Math.max(0.5, x1 - x0 - gap),
          height: Math.max(0.5, Math.abs(y1 - y0)),
        },
        style: styleOf(params.dataIndex),
      };
    },
  };
}

function path(
  data: (number | string)[][],
  panel: number,
  color: string,
  width: number,
  type: 'solid' | number[],
): SeriesOption {
  return {
    type: 'line',
    ...silent,
    data,
    showSymbol: false,
    xAxisIndex: panel,
    yAxisIndex: panel,
    lineStyle: { color, width, type },
  };
}

function metricSeries(
  { windows, watched, reference }: MonitorReport,
  at: Drawn[],
  panel: number,
  { from, to }: { from: number; to: number },
): SeriesOption[] {
  const { metric, limit } = watched;
  const estimated = windows.flatMap(({ estimate }, i) => {
    const place = at[i];
    return estimate === null || place === undefined ? [] : [{ ...place, ...estimate }];
  });
  const measured = windows.flatMap(({ measured: truth }, i) => {
    const place = at[i];
    return truth === null || place === undefined ? [] : [{ ...place, ...truth }];
  });
  const before = reference?.metrics[metric]?.value;
  const first = windows.findIndex((window) => window.package === reference?.package);
  const whiskers = measured.flatMap(({ middle, interval }): (number | string)[][] => [
    [middle, interval[0]],
    [middle, interval[1]],
    [middle, '-'],
  ]);
  return [
    boxes(
      estimated.map(({ start, end, interval }) => [start, end, interval[0], interval[1]]),
      panel,
      () => ({ fill: CANDIDATE, opacity: 0.2 }),
    ),
    boxes(
      estimated.map(({ start, end, value }) => [start, end, value, value]),
      panel,
      () => ({ fill: CANDIDATE, opacity: 1, stroke: CANDIDATE, lineWidth: 1 }),
    ),
    ...(before === undefined || first === -1
      ? []
      : [
          path(
            [
              [at[first]?.start ?? from, before],
              [to, before],
            ],
            panel,
            REFERENCE,
            1.25,
            [3, 4],
          ),
        ]),
    ...(limit === null
      ? []
      : [
          path(
            [
              [from, limit],
              [to, limit],
            ],
            panel,
            BAD,
            1.25,
            [6, 4],
          ),
        ]),
    path(whiskers, panel, INK, 1.25, 'solid'),
    ...[false, true].map(
      (isBad): SeriesOption => ({
        type: 'scatter',
        ...silent,
        xAxisIndex: panel,
        yAxisIndex: panel,
        symbolSize: windows.length > 60 ? 5 : 8,
        itemStyle: { color: isBad ? BAD : INK, borderColor: PAPER, borderWidth: 1, opacity: 1 },
        z: 5,
        data: measured
          .filter(({ value }) => (limit !== null && isWorse(metric, value, limit)) === isBad)
          .map(({ middle, value }) => [middle, value]),
      }),
    ),
  ];
}

function driftSeries(
  { windows }: MonitorReport,
  at: Drawn[],
  panel: number,
  { from, to }: { from: number; to: number },
): SeriesOption[] {
  const judged = windows.flatMap(({ scores }, i) => {
    const place = at[i];
    return scores?.value == null || place === undefined ? [] : [{ ...place, ...scores, value: scores.value }];
  });
  const limits = judged.flatMap(({ start, end, limit }) =>
    limit === null
      ? []
      : [
          [start, limit],
          [end, limit],
        ],
  );
  const limitLine =
    limits.length === 0 ? [] : [[from, limits[0]?.[1] ?? 0], ...limits, [to, limits.at(-1)?.[1] ?? 0]];
  return [
    boxes(
      judged.map(({ start, end, value }) => [start, end, 0, value]),
      panel,
      (i) => ({ fill: judged[i]?.outcome === 'alarm' ? WARN : CANDIDATE, opacity: 0.75 }),
    ),
    path(limitLine, panel, BAD, 1.25, [6, 4]),
  ];
}

function laneSeries(
  { windows, events }: MonitorReport,
  at: Drawn[],
  panel: number,
  names: string[],
  lanes: typeof LANES,
): SeriesOption[] {
  const labelled: SeriesOption = {
    type: 'custom',
    ...silent,
    xAxisIndex: panel,
    yAxisIndex: panel,
    data: at.map(({ start, end }) => [start, end, names.indexOf('Labels')]),
    renderItem: (params, api) => {
      const [x0 = 0, y = 0] = api.coord([api.value(0), api.value(2)]);
      const [x1 = 0] = api.coord([api.value(1), api.value(2)]);
      const isMature = windows[params.dataIndex]?.labels.state === 'mature';
      const gap = x1 - x0 > 5 ? 2 : 0.4;
      return {
        type: 'rect',
        shape: { x: x0 + gap / 2, y: y - 4, width: Math.max(0.5, x1 - x0 - gap), height: 8 },
        style: isMature ? { fill: GOOD, opacity: 0.8 } : { fill: 'none', stroke: REFERENCE, lineWidth: 1 },
      };
    },
  };
  return [
    ...(names.includes('Labels') ? [labelled] : []),
    ...lanes.map(
      ({ kinds, name, color, symbol }): SeriesOption => ({
        type: 'scatter',
        ...silent,
        xAxisIndex: panel,
        yAxisIndex: panel,
        symbol,
        symbolSize: 10,
        itemStyle: { color, opacity: 1 },
        data: events
          .filter(({ kind }) => kinds.includes(kind))
          .map((event) => [Date.parse(event.at), names.indexOf(name)]),
      }),
    ),
  ];
}

/** An alarm or a promotion as a line through a panel. */
function eventLine({ at, kind }: MonitorEvent, panel: number, values: number[]): SeriesOption {
  const { min, max } = paddedRange(values);
  const color = kind === 'decay alarm' ? BAD : kind === 'drift alarm' ? WARN : MUTED;
  const time = Date.parse(at);
  return {
    ...path(
      [
        [time, min],
        [time, max],
      ],
      panel,
      color,
      1,
      [2, 3],
    ),
    clip: true,
  } as SeriesOption;
}

/** What the line of time shows, in sentences. */
function timeText({ windows, watched, events }: MonitorReport): string {
  const { metric, limit } = watched;
  const measured = windows.filter((window) => window.measured !== null);
  const last = measured.at(-1)?.measured;
  const estimate = windows.findLast((window) => window.estimate !== null)?.estimate;
  const counted = LANES.flatMap(({ kinds, name }) => {
    const count = events.filter(({ kind }) => kinds.includes(kind)).length;
    return count === 0 ? [] : [formatCountOf(count, name.toLowerCase())];
  });
  return [
    `${formatCountOf(windows.length, 'window')}, ${formatCount(measured.length)} with labels.`,
    ...(last
      ? [
          `${metricLabel(metric)} was last measured as ${formatValue(last.value)} ${formatInterval(last.interval)}.`,
        ]
      : []),
    ...(estimate
      ? [`It is estimated now as ${formatValue(estimate.value)} ${formatInterval(estimate.interval)}.`]
      : []),
    ...(limit === null ? [] : [`The limit is ${formatValue(limit)}.`]),
    ...(counted.length === 0 ? [] : [`${counted.join(', ')}.`]),
  ].join(' ');
}

/** The distribution of scores in the window and in the reference, in shares of rows. */
export function scoresChart(drift: ScoreDrift, index: number, problem: MonitorReport['problem']): Chart {
  const words = { binary: 'Score', multiclass: 'Probability', regression: 'Value' }[problem];
  const mode = (shares: number[]) => {
    const bin = shares.indexOf(Math.max(...shares));
    const [from, to] = [drift.edges[bin] ?? 0, drift.edges[bin + 1] ?? 0];
    return `${formatPercent(shares[bin] ?? 0)} of the rows are from ${formatValue(from)} to ${formatValue(to)}`;
  };
  return {
    title: drift.name === '' ? words : drift.name,
    caption: drift.evidence?.detail ?? 'Share of rows by score.',
    svg: draw(
      {
        xAxis:
          problem === 'regression'
            ? {
                ...number(words),
                min: drift.edges[0] ?? 0,
                max: drift.edges.at(-1) ?? 1,
                splitNumber: 3,
                axisLabel: {
                  ...label((value) => formatValue(value)),
                  showMinLabel: false,
                  showMaxLabel: false,
                },
                splitLine: { show: false },
              }
            : { ...unit(words), axisLabel: label(short), splitLine: { show: false } },
        yAxis: { ...number(''), min: 0, axisLabel: label((value) => formatPercent(value)) },
        grid: { left: 52, right: 14, top: 14, bottom: 44 },
        series: [
          steps(drift.edges, drift.window, { color: CANDIDATE, width: 1.5 }, CANDIDATE, 0),
          steps(drift.edges, drift.reference, { color: CHAMPION, width: 2 }, null, 0),
        ],
      },
      `drift-scores-${index}`,
      'Distribution of scores in the window and when the model was judged',
      `In the window most, ${mode(drift.window)}; when it was judged, ${mode(drift.reference)}.`,
    ),
  };
}
