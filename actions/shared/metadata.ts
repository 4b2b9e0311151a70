import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'yaml';
import { repository } from '../../pipeline/repository.ts';

/** The parts of action.yml that READMEs show and tests check. */
export interface Metadata {
  name: string;
  description: string;
  inputs?: Record<string, { description: string; required?: boolean; default?: string }>;
  outputs?: Record<string, { description: string }>;
  runs: { using: string; main: string; post?: string; 'post-if'?: string };
}

export async function readMetadata(action: string): Promise<Metadata> {
  return parse(await readFile(join(repository, 'actions', action, 'action.yml'), 'utf8')) as Metadata;
}

/** The README with its tables of inputs and outputs from action.yml. Throws if the README has no place for a table. */
export function withTables(readme: string, { inputs = {}, outputs = {} }: Metadata): string {
  const inputRows = Object.entries(inputs).map(([name, { description, required, default: value }]) => [
    `\`${name}\``,
    cell(description),
    required === true ? 'required' : value === undefined || value === '' ? '' : `\`${value}\``,
  ]);
  const outputRows = Object.entries(outputs).map(([name, { description }]) => [
    `\`${name}\``,
    cell(description),
  ]);
  const filled = fill(readme, 'inputs', table(['Input', '', 'Default'], inputRows));
  return fill(filled, 'outputs', table(['Output', ''], outputRows));
}

const cell = (text: string): string => text.trim().replaceAll('\n', ' ').replaceAll('|', '\\|');

const table = (head: string[], rows: string[][]): string =>
  [head, head.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n');

function fill(text: string, name: string, content: string): string {
  const place = new RegExp(`(<!-- ${name} -->\n)[\\s\\S]*?(<!-- /${name} -->)`);
  if (!place.test(text)) throw new Error(`README.md: expected <!-- ${name} --> and <!-- /${name} -->`);
  return text.replace(place, (_, open: string, close: string) => `${open}${content}\n${close}`);
}
