import { type Html, html } from './markup.ts';

/**
 * Small marks in the rows of a table: intervals and bars as SVG that stretches to its cell. They repeat numbers of the
 * row, so they are hidden from screen readers.
 */

type Interval = readonly [number, number];

/** A difference with its interval, around a line at 0 in the middle; right is better. */
export function differenceMark(difference: number, interval: Interval | null, flip: boolean): Html {
  const sign = flip ? -1 : 1;
  const [low, high] = interval === null ? [difference, difference] : interval;
  const most = Math.max(Math.abs(low), Math.abs(high), Math.abs(difference)) * 1.12 || 1;
  const x = (value: number) => percent((sign * value) / most / 2 + 0.5);
  const clear = low > 0 || high < 0 ? (low > 0 !== flip ? 'good' : 'bad') : 'unclear';
  return mark(html`
    <line class="zero" x1="50%" x2="50%" y1="0" y2="100%"/>
    <line class="whisker ${clear}" x1="${x(low)}" x2="${x(high)}" y1="50%" y2="50%"/>
    <circle class="dot ${clear}" cx="${x(difference)}" cy="50%" r="4"/>`);
}

/** A value with its interval on the scale from `low` to `high`; the champion's value is a tick. */
export function valueMark(
  value: number,
  interval: Interval | null,
  champion: number | null,
  [low, high]: Interval,
): Html {
  const x = (at: number) =>
    percent(high === low ? 0.5 : (Math.min(high, Math.max(low, at)) - low) / (high - low));
  return mark(html`
    ${interval !== null && html`<line class="whisker candidate" x1="${x(interval[0])}" x2="${x(interval[1])}" y1="50%" y2="50%"/>`}
    ${champion !== null && html`<line class="tick" x1="${x(champion)}" x2="${x(champion)}" y1="15%" y2="85%"/>`}
    <circle class="dot candidate" cx="${x(value)}" cy="50%" r="4"/>`);
}

/** A bar from a line at 0 in the middle; the champion's value is a tick. `most` is the end of the scale. */
export function signedBarMark(value: number, champion: number | null, most: number): Html {
  const x = (at: number) => (most === 0 ? 0.5 : at / most / 2.1 + 0.5);
  const from = Math.min(x(value), 0.5);
  return mark(html`
    <rect class="bar" x="${percent(from)}" width="${percent(Math.abs(x(value) - 0.5))}" y="25%" height="50%"/>
    <line class="zero" x1="50%" x2="50%" y1="0" y2="100%"/>
    ${champion !== null && html`<line class="tick" x1="${percent(x(champion))}" x2="${percent(x(champion))}" y1="5%" y2="95%"/>`}`);
}

/** A bar from the left; `most` is the end of the scale. */
export function barMark(value: number, most: number, faint: boolean): Html {
  const share = most === 0 ? 0 : value / most;
  return mark(
    html`<rect class="bar${faint && ' faint'}" x="0" width="${percent(Math.max(share, 0.004))}" y="30%" height="40%"/>`,
  );
}

/** A bar from the left with another value as a tick; `most` is the end of the scale. */
export function tickedBarMark(value: number, tick: number | null, most: number, kind = ''): Html {
  const x = (at: number) => (most === 0 ? 0 : Math.min(1, at / most));
  return mark(html`
    <rect class="bar${kind !== '' && html` ${kind}`}" x="0" width="${percent(Math.max(x(value), 0.004))}" y="28%" height="44%"/>
    ${tick !== null && html`<line class="tick" x1="${percent(x(tick))}" x2="${percent(x(tick))}" y1="10%" y2="90%"/>`}`);
}

const mark = (body: Html): Html =>
  html`<svg class="mark" width="100%" height="22" aria-hidden="true">${body}</svg>`;

function percent(share: number): string {
  return `${Number((share * 100).toFixed(2))}%`;
}
