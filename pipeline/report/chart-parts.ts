import type { EChartsOption, SeriesOption } from 'echarts';
import { init } from 'echarts/dist/echarts.esm.min.mjs';
import { formatValue } from '../format.ts';
import type { Curve } from '../statistics/curve.ts';
import type { CalibrationBin } from '../statistics/plots.ts';
import { type Html, html, raw, text } from './markup.ts';

/**
 * Axes, series and drawing of charts as inline SVG. Colours are the page's CSS variables, so that a drawing works in both
 * themes.
 */
export interface Chart {
  title: string;
  /** One sentence on how to read it. */
  caption: string;
  svg: Html;
}

const WIDTH = 380;
export const HEIGHT = 300;
const INK = 'var(--ink)';
export const MUTED = 'var(--muted)';
const LINE = 'var(--line)';
const REFERENCE = 'var(--reference)';
export const CANDIDATE = 'var(--candidate)';
export const CHAMPION = 'var(--champion)';

export function label(format: (value: number) => string) {
  return { color: MUTED, fontSize: 12, hideOverlap: true, formatter: format };
}

export function number(name: string) {
  return {
    type: 'value' as const,
    name,
    nameLocation: 'middle' as const,
    nameGap: 28,
    nameTextStyle: { color: MUTED, fontSize: 12 },
    axisLine: { show: true, onZero: false, lineStyle: { color: LINE } },
    axisTick: { show: false },
    splitLine: { lineStyle: { color: LINE, width: 1 } },
    axisLabel: label((value) =>
      value.toLocaleString('en-US', { maximumSignificantDigits: 6 }).replace('-', '−'),
    ),
  };
}

/** An axis from 0 to 1. */
export function unit(name: string) {
  return { ...number(name), min: 0, max: 1, interval: 0.2, axisLabel: label(short) };
}

export function short(value: number): string {
  return value === 0 ? '0' : value === 1 ? '1' : formatValue(value, 1);
}

export function line(data: Curve, color: string) {
  return {
    type: 'line' as const,
    data,
    showSymbol: false,
    silent: true,
    animation: false,
    lineStyle: { color, width: 2, join: 'round' as const },
  };
}

export function reference(data: Curve) {
  return { ...line(data, REFERENCE), lineStyle: { color: REFERENCE, width: 1, type: [3, 4] } };
}

export function dots(data: Curve, color: string, symbolSize: number) {
  return {
    type: 'scatter' as const,
    data,
    symbolSize,
    silent: true,
    itemStyle: { color, borderColor: 'var(--paper)', borderWidth: 1, opacity: 1 },
    z: 4,
  };
}

/** Vertical intervals as one line with gaps. */
export function whiskers(bins: CalibrationBin[], color: string) {
  const data = bins.flatMap((bin): (number | string)[][] => [
    [bin.predicted, bin.interval[0]],
    [bin.predicted, bin.interval[1]],
    [bin.predicted, '-'],
  ]);
  return { ...line([], color), data, lineStyle: { color, width: 1, opacity: 0.55 } };
}

/** A histogram as its outline. */
export function steps(
  edges: number[],
  heights: number[],
  lineStyle: { color: string; width: number },
  fill: string | null,
  panel: number,
) {
  const outline = heights.flatMap(
    (height, i): Curve => [
      [edges[i] ?? 0, height],
      [edges[i + 1] ?? 0, height],
    ],
  );
  const data: Curve = [[edges[0] ?? 0, 0], ...outline, [edges.at(-1) ?? 0, 0]];
  return {
    ...line(data, lineStyle.color),
    xAxisIndex: panel,
    yAxisIndex: panel,
    lineStyle: { ...lineStyle, join: 'miter' as const },
    ...(fill === null ? {} : { areaStyle: { color: fill, opacity: 0.28 } }),
  };
}

export function paddedRange(values: number[]): { min: number; max: number } {
  const low = Math.min(...values);
  const high = Math.max(...values);
  const pad = (high - low || Math.abs(high) || 1) * 0.12;
  return { min: Number((low - pad).toPrecision(3)), max: Number((high + pad).toPrecision(3)) };
}

export function logRange(values: number[]): { min: number; max: number } {
  return {
    min: 10 ** Math.floor(Math.log10(Math.min(...values))),
    max: 10 ** Math.ceil(Math.log10(Math.max(...values))),
  };
}

/** Renders without a browser, removes what only an interactive page needs, and makes ids unique to the chart. */
export function draw(
  option: EChartsOption,
  id: string,
  title: string,
  description: string,
  { width, height } = { width: WIDTH, height: HEIGHT },
): Html {
  const chart = init(null, null, { renderer: 'svg', ssr: true, width, height });
  chart.setOption({
    animation: false,
    textStyle: { fontFamily: 'inherit', color: INK },
    grid: { left: 44, right: 12, top: 14, bottom: 44 },
    ...option,
    series: option.series as SeriesOption[],
  });
  const drawn = chart.renderToSVGString();
  chart.dispose();
  const body = drawn
    .replace(/^<svg[^>]*>/, '')
    .replace(/<style\b[\s\S]*?<\/style>/g, '')
    .replace(/<rect [^>]*fill="none"[^>]*><\/rect>/, '')
    .replace(/ (?:class|pointer-events|ecmeta_\w+)="[^"]*"/g, '')
    .replace(/\bzr\d+-/g, `${id}-`)
    .replace(/\n/g, '');
  return html`<svg viewBox="0 0 ${width} ${height}" role="img" aria-labelledby="${id}-title ${id}-desc">
    <title id="${id}-title">${text(title)}</title>
    <desc id="${id}-desc">${text(description)}</desc>
    ${raw(body)}`;
}
