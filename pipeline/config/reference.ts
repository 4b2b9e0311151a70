import * as z from 'zod';
import { metricsOf, problems } from '../metrics.ts';
import { rootFile } from './models.ts';
import { configSchema } from './schema.ts';
import { alternatives, childOf, fieldsOf } from './schema-tree.ts';

interface Row {
  path: string;
  type: string;
  fallback: string;
  description: string;
}

/** The README.md of this folder: every setting with type, default and description, as Markdown. */
export function configReference(): string {
  const fields = fieldsOf(configSchema) ?? {};
  const sections = Object.entries(fields).map(([name, schema]) => {
    if (!isStructured(schema)) return `## ${name}\n\n${table([row(name, schema)])}\n`;
    return `## ${name}\n\n${descriptionOf(schema)}\n\n${table(rowsOf(schema, name))}\n`;
  });
  const several = ['models', 'defaults', 'budget'].map((name) =>
    row(name, rootFile.shape[name as keyof typeof rootFile.shape]),
  );
  return `${introduction}\n${metricTable()}\n\n${severalModels}\n${table(several)}\n\n${sections.join('\n')}`;
}

const introduction = `# mlops.yaml

The settings of a use case. A complete file:

\`\`\`yaml
project: churn
problem: binary
data:
  source: model/data/churn.csv
  target: Churned
\`\`\`

All other settings have defaults. \`mlops validate\` reports every problem of the file and the data at once, each with line and column. \`--set\` overrides a setting for one run: \`--set training.hyperparameters.C=0.1\`, \`--set tuning=off\`, \`--set 'data.slices=[Gender]'\`. Without a value (\`--set tuning=\`) the setting takes its default. Put a key that contains a dot in double quotes.

- A key without a value counts as not written, so you can comment out a block line by line.
- \`off\`, \`none\`, \`false\` and \`null\` all switch off a setting that can be off.
- Column names and classes are text as written: \`positive: 1.0\` is the class "1.0".
- Write durations as 90s, 30m, 1h or 1h30m.
- Editors complete and check the file if its first line is \`# yaml-language-server: $schema=pipeline/config/mlops.schema.json\`.

\`node pipeline/config/generate.ts\` makes this page, \`mlops.schema.json\`, \`model.schema.json\` and \`model-yaml.schema.json\` from the schema, \`schema.ts\`.

## model.yaml

A model's folder says in its \`model.yaml\` what its container takes and answers, so that no mlops.yaml repeats it. It has the keys of [model](#model), without \`context\` and \`image\`:

\`\`\`yaml
csv: { header: true }
manifest_channel: manifest
extra: [factor, contribution]
\`\`\`

A key of \`model:\` in mlops.yaml (or in \`defaults\`) overrides it. Together they are the settings of the run: they are part of its fingerprint, and the report shows what changed. \`mlops validate\` prints them. An image given as \`model.image\` has no folder, so mlops.yaml says all of it.

## Metrics

\`gate.primary\`, \`gate.thresholds\`, \`gate.slices.metric\` and \`monitoring.decay.metric\` take these metrics:
`;

const severalModels = `## Several models

A project may have several models, each in a folder with its own mlops.yaml. The root's mlops.yaml then holds the settings that they share:

\`\`\`yaml
project: people
models: [model/attrition, model/churn]
defaults:            # settings of every model; a model's own file overrides them
  gate: { inconclusive: hold }
budget: { max_run_usd: 20 }   # no model may set a higher budget
environments:
  staging: { account: "111111111111", region: us-east-1 }
\`\`\`

A model's file has the keys of this page (\`name\` included) except \`project\`, \`environments\` and \`notifications\`. Its paths are relative to its folder, which is also the build context of its image. Its mappings are merged with \`defaults\`; its lists and values replace those of \`defaults\`. Its JSON Schema for editors is \`model.schema.json\`. Commands take \`--model NAME\`. \`mlops run --model all\` runs every model; an error in one model's file does not stop the others.
`;

const metricTable = () =>
  grid([['problem', 'metrics'], ...problems.map((name) => [name, metricsOf(name).join(', ')])]);

const table = (rows: Row[]): string =>
  grid([
    ['path', 'type', 'default', 'description'],
    ...rows.map(({ path, type, fallback, description }) => [`\`${path}\``, type, fallback, description]),
  ]);

/** A Markdown table, padded as the formatter pads it; the first line is the header. */
function grid(lines: string[][]): string {
  const [header = [], ...rows] = lines.map((cells) => cells.map((text) => text.replaceAll('|', '\\|')));
  const widths = header.map((_, column) =>
    Math.max(...[header, ...rows].map((cells) => cells[column]?.length ?? 0)),
  );
  const rule = widths.map((width) => '-'.repeat(width));
  return [header, rule, ...rows]
    .map((cells) => `| ${cells.map((text, column) => text.padEnd(widths[column] ?? 0)).join(' | ')} |`)
    .join('\n');
}

function rowsOf(schema: unknown, path: string): Row[] {
  const self = isSwitch(schema) ? [row(path, schema)] : [];
  const fields = fieldsOf(schema);
  if (!fields) {
    // A mapping with free names has a row for the name and rows for the settings under it.
    const inner = `${path}.NAME`;
    const value = childOf(schema, 'NAME');
    return isStructured(value)
      ? [...(self.length > 0 ? self : [row(path, schema)]), ...rowsOf(value, inner)]
      : [row(path, schema)];
  }
  // All metrics have the same two limits.
  const [name = '', first] = Object.entries(fields)[0] ?? [];
  if (path === 'gate.thresholds') return [row(path, schema), ...limitRows(first, `${path}.METRIC`, name)];
  return [
    ...self,
    ...Object.entries(fields).flatMap(([key, field]) =>
      isStructured(field) ? rowsOf(field, `${path}.${key}`) : [row(`${path}.${key}`, field)],
    ),
  ];
}

const limitRows = (limits: unknown, path: string, metric: string): Row[] =>
  Object.entries(fieldsOf(limits) ?? {}).map(([key, field]) => {
    const own = row(`${path}.${key}`, field);
    if (!own.type.startsWith('a number ')) return own;
    const type = `a number that METRIC can take; for ${metric} ${own.type.replace('a number ', '')}`;
    return { ...own, type, fallback: '' };
  });

function row(path: string, schema: unknown): Row {
  const [description = '', told] = descriptionOf(schema).split(/(?:^|\s)Default: /);
  const [rule = '', ...others] = (told ?? '').split(/(?<=\.)\s/);
  const fallback = told === undefined ? literalDefault(schema) : rule.replace(/\.$/, '');
  return { path, type: typeOf(schema), fallback, description: [description, ...others].join(' ').trim() };
}

const isStructured = (schema: unknown): boolean =>
  fieldsOf(schema) !== undefined ||
  alternatives(schema).some((one) => one instanceof z.ZodRecord && isStructured(one.valueType));

/** Whether the whole block may be off. */
const isSwitch = (schema: unknown): boolean =>
  fieldsOf(schema) !== undefined && alternatives(schema).some((one) => one instanceof z.ZodLiteral);

function descriptionOf(schema: unknown): string {
  return (schema instanceof z.ZodType && schema.description) || '';
}

/** The phrase with which an error tells what was expected. */
function typeOf(schema: unknown): string {
  if (schema instanceof z.ZodEnum && schema.options.includes('roc_auc')) return 'a metric';
  const error = schema instanceof z.ZodType ? schema.def.error : undefined;
  if (error) return String(error({} as never));
  if (schema instanceof z.ZodPipe) return typeOf(schema.in);
  if (schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault) return typeOf(schema.unwrap());
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodNullable) return typeOf(schema.unwrap());
  throw new Error(`A setting without a phrase for its type: ${descriptionOf(schema)}`);
}

function literalDefault(schema: unknown): string {
  if (schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault) {
    const value: unknown = schema.def.defaultValue;
    if (value === null) return 'none';
    return isStructured(schema) ? '' : `\`${typeof value === 'string' ? value : JSON.stringify(value)}\``;
  }
  return schema instanceof z.ZodOptional ? '' : 'required';
}
