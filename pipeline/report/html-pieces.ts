import { formatCount, formatTime } from '../format.ts';
import { shortDigests } from './clean-text.ts';
import { type Html, html, text } from './markup.ts';

/** A value for html: false leaves nothing, and a list is joined. */
type Content = string | Html | false | readonly Content[];

export const column = (title: Content, kind?: string): Html =>
  html`<th scope="col"${kind !== undefined && html` class="${kind}"`}>${title}</th>`;

export const numbers = (...titles: string[]): Html => html`${titles.map((title) => column(title, 'number'))}`;

export const cell = (kind: string, content: Content): Html => html`<td class="${kind}">${content}</td>`;

export const hidden = (title: string): Html => html`<span class="hidden">${title}</span>`;

export const list = (items: readonly Html[]): Html =>
  html`<ul class="plain">${items.map((item) => html`<li>${item}</li>`)}</ul>`;

export const details = (summary: string, body: Html): Html =>
  html`<details><summary>${summary}</summary>${body}</details>`;

/** A table that scrolls by itself on a narrow page. */
export const table = (label: string, head: Content, rows: readonly Html[], kind: string): Html =>
  html`<div class="scroll" role="region" tabindex="0" aria-label="${label}">
    <table class="${kind}"><thead><tr>${head}</tr></thead><tbody>${rows}</tbody></table>
  </div>`;

export function foldedTable(
  label: string,
  head: Content,
  rows: readonly Html[],
  kind: string,
  most: number,
): Html {
  const first = table(label, head, rows.slice(0, most), kind);
  const rest = rows.slice(most);
  if (rest.length === 0) return first;
  const more = table(`More: ${label.toLowerCase()}`, head, rest, kind);
  return html`${first}${details(`${formatCount(rest.length)} more`, more)}`;
}

export const stacked = (value: string, below: string): Html =>
  html`${value}${below !== '' && html`<small>${below}</small>`}`;

/** The entry of a legend; `kind` is the class of its line. */
export const key = (kind: string, label: string): Html =>
  html`<span class="key">
    <svg class="swatch ${kind}" width="22" height="10" aria-hidden="true"><line x1="1" x2="21" y1="5" y2="5"/></svg>
    ${text(label, 60)}
  </span>`;

/** A fact without a value is left out. */
export type Fact = [name: string, value: string | Html];

export const factList = (facts: readonly Fact[]): Html =>
  html`<dl class="facts">
    ${facts
      .filter(([, value]) => String(value) !== '')
      .map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}
  </dl>`;

/** A digest, shortened for people; hovering shows it in full. */
export const digest = (value: string): Html =>
  html`<code title="${text(value, 300)}">${text(shortDigests(value), 200)}</code>`;

export const code = (value: string, most: number): Html => html`<code>${text(value, most)}</code>`;

export const timeElement = (iso: string): Html =>
  html`<time datetime="${text(iso, 40)}">${text(formatTime(iso), 40)}</time>`;
