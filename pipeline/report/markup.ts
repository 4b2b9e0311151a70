import { html as template } from 'hono/html';
import { cleanText } from './clean-text.ts';

export { raw } from 'hono/html';

/** Markup that is safe to put into other markup as it is. */
export type Html = Exclude<ReturnType<typeof template>, Promise<unknown>>;

const written = new WeakMap<TemplateStringsArray, TemplateStringsArray>();

/**
 * Markup whose values are escaped but for other markup; null, undefined and booleans leave nothing. Line breaks and the
 * indentation after them are the source's only.
 */
export function html(strings: TemplateStringsArray, ...values: readonly unknown[]): Html {
  const compact =
    written.get(strings) ??
    Object.assign(
      strings.map((part) => part.replace(/\n\s*/g, '')),
      { raw: strings.raw },
    );
  written.set(strings, compact);
  // It is a promise only where a value is one.
  return template(compact, ...values) as Html;
}

/** A text from users, as html takes it. */
export const text = (value: string, most = 2000): string => cleanText(value, most);

/** A text with what stands in backticks as code. */
export const withCode = (value: string, most?: number): Html =>
  html`${text(value, most)
    .split(/`([^`]+)`/)
    .map((part, i) => (i % 2 === 0 ? part : html`<code>${part}</code>`))}`;
