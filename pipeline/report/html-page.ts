import type { Chart } from './chart-parts.ts';
import { timeElement } from './html-pieces.ts';
import { PAGE_STYLE } from './html-style.ts';
import { type Html, html, raw, text } from './markup.ts';

/** The frame of a page, and the parts in it. */

export interface Part {
  id: string;
  title: string;
  /** What the part shows, beside its title. */
  aside: string;
  body: Html | '';
}

/**
 * A self-contained page: no script, no request. Follows the reader's light or dark theme.
 * @param style rules that only this page needs
 */
export const page = (title: string, body: Html, style = ''): string =>
  html`<!doctype html>
    <html lang="en">
    <head>
    <meta charset="utf-8">
    <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta name="referrer" content="no-referrer">
    <meta name="color-scheme" content="light dark">
    <title>${text(title, 120)}</title>
    <style>${raw(PAGE_STYLE + style)}</style>
    </head>
    <body>
    ${body}
    </body>
    </html>`.toString();

/** The top of a page: the project, then what the page is about, then its time. */
export const pageHeader = ([project = '', ...about]: readonly string[], at: string): Html =>
  html`<header class="page">
    <p class="project">${text(project, 80)}</p>
    <p class="run">${about.map((part) => html`<span>${text(part, 120)}</span>`)}<span>${timeElement(at)}</span></p>
  </header>`;

export const section = ({ id, title, aside, body }: Part): Html =>
  html`<section class="part" id="${id}" aria-labelledby="${id}-heading">
    <div class="heading">
      <h2 id="${id}-heading">${text(title, 80)}</h2>
      ${aside !== '' && html`<p>${text(aside, 600)}</p>`}
    </div>
    <div class="body">${body}</div>
  </section>`;

export const figure = (chart: Chart, title = text(chart.title, 80)): Html =>
  html`<figure><figcaption><strong>${title}</strong> ${text(chart.caption)}</figcaption>${chart.svg}</figure>`;

/** A number and its percent sign stay on one line. */
export const unbroken = (part: Html): Html => raw(part.replace(/(\d) %/g, '$1&nbsp;%'));

/** Links to the parts. */
export const navigation = (parts: readonly Part[]): Html =>
  html`<nav aria-label="Sections"><ul>
    ${parts.map((part) => html`<li><a href="#${part.id}">${text(part.title, 60)}</a></li>`)}
  </ul></nav>`;
