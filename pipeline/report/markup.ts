import { html as template } from 'hono/html';
import { cleanText } from './clean-text.ts';

export { raw } from 'hono/html';

/** Markup that is safe to insert into other markup unchanged. */
export type Html = Exclude<ReturnType<typeof template>, Promise<unknown>>;

const written = new WeakMap<TemplateStringsArray, TemplateStringsArray>();

/**
 * Makes markup: escapes every value that is not markup itself; null, undefined and booleans leave nothing. Removes the
 * template's own line breaks and indentation.
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

/** A text from users, cleaned for html. */
export const text = (value: string, most = 2000): string => cleanText(value, most);

/** A text in which parts in backticks become code. */
export const withCode = (value: string, most?: number): Html =>
  html`${text(value, most)
    .split(/`([^`]+)`/)
    .map((part, i) => (i % 2 === 0 ? part : html`<code>${part}</code>`))}`;
