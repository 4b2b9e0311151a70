import { formatCount } from '../format.ts';
import { type Html, html } from './markup.ts';

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
