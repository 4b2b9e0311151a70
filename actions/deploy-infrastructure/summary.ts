import { isChanged, type ResourceChange, type StackDiff } from '../../infra/cli/stack-diff.ts';
import type { Environment } from '../../infra/environment.ts';
import { code, details, prose, table } from '../../pipeline/report/github-markdown.ts';

const mostRows = 50;
const marks = {
  remove: '🗑️ removed',
  replace: '♻️ replaced',
  'may be replaced': '♻️ may be replaced',
  add: '➕ added',
  import: '📥 imported',
  update: '✏️ changed',
} as const satisfies Record<ResourceChange['change'], string>;
const order = Object.keys(marks);

/** The changes as Markdown. `lost` are the resources that hold data and would be replaced or removed. */
export function renderSummary(
  { name }: Environment,
  diffs: readonly StackDiff[],
  lost: readonly ResourceChange[],
): string {
  return [
    `### Infrastructure of ${prose(name)}`,
    ...(lost.length > 0 ? [warning(lost)] : []),
    ...diffs.map((diff) => (isChanged(diff) ? stackPart(diff) : `${code(diff.stack)}: nothing changes.`)),
    '',
  ].join('\n\n');
}

function warning(lost: readonly ResourceChange[]): string {
  return [
    '> [!CAUTION]',
    '> **This replaces or removes resources whose data no deployment can restore:**',
    ...lost.map(
      ({ change, kept, type, path, logicalId, because }) =>
        `> - ${code(path || logicalId)} (${typeOf(type)}) ${change === 'remove' ? (kept ? 'leaves the stack; it stays in the account' : 'is removed') : change === 'replace' ? 'is replaced by an empty one' : 'may be replaced by an empty one'}${because.length > 0 ? `, because of ${because.map((property) => code(property)).join(', ')}` : ''}`,
    ),
  ].join('\n');
}

function stackPart({ stack, resources, iam, others }: StackDiff): string {
  const rows = [...resources].sort((a, b) => order.indexOf(a.change) - order.indexOf(b.change));
  const rules = iam.reduce((sum, { rows: { length } }) => sum + length, 0);
  const counts = order
    .map((change) => ({ change, count: rows.filter((row) => row.change === change).length }))
    .filter(({ count }) => count > 0)
    .map(({ change, count }) => `${count} ${marks[change as ResourceChange['change']].replace(/^\S+ /, '')}`);
  const parts = [
    `${code(stack)}: ${[...counts, ...(others > 0 ? [`${others} ${others === 1 ? 'output or parameter' : 'outputs or parameters'} changed`] : [])].join(', ') || 'permissions change'}.`,
  ];
  if (rules > 0) {
    parts.push(
      `**Permissions change: ${rules} ${rules === 1 ? 'rule' : 'rules'} of IAM.** Read them before you go on.`,
    );
    parts.push(
      ...iam.map(({ title, head, rows: lines }) =>
        details(`${prose(title)} (${lines.length})`, iamTable(head, lines), false),
      ),
    );
  }
  if (rows.length > 0)
    parts.push(
      table(
        ['', 'Resource', 'Type'],
        rows
          .slice(0, mostRows)
          .map(({ change, path, logicalId, type }) => [marks[change], code(path || logicalId), typeOf(type)]),
      ),
    );
  if (rows.length > mostRows) parts.push(`and ${rows.length - mostRows} more, all in the log.`);
  return parts.join('\n\n');
}

function iamTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = rows
    .slice(0, mostRows)
    .map((row) => row.map((cell) => (/^[+-]?$/.test(cell) ? prose(cell) : code(cell))));
  const more = rows.length > mostRows ? `\n\nand ${rows.length - mostRows} more, all in the log.` : '';
  return `${table(
    head.map((cell) => prose(cell)),
    lines,
  )}${more}`;
}

/** A type that has only the characters of CloudFormation's names needs no escaping. */
const typeOf = (type: string): string => (/^[\w:]+$/.test(type) ? `\`${type}\`` : code(type));
