import { stripVTControlCharacters } from 'node:util';
import stateful from '../stateful-resources.json' with { type: 'json' };

/** What a deployment would change in one stack. */
export interface StackDiff {
  readonly stack: string;
  readonly resources: readonly ResourceChange[];
  /** Of roles, policies and permissions, in CloudFormation's words. */
  readonly iam: readonly IamTable[];
  /** How many outputs, parameters and the like change. */
  readonly others: number;
}

export interface ResourceChange {
  /** What becomes of it; `may be replaced` depends on values that CloudFormation alone knows. */
  readonly change: 'add' | 'update' | 'remove' | 'import' | 'replace' | 'may be replaced';
  /** Such as AWS::S3::Bucket. */
  readonly type: string;
  /** Of the construct; empty where the template does not say. */
  readonly path: string;
  readonly logicalId: string;
  /** It leaves the stack and stays in the account, for its deletion policy says so. */
  readonly kept: boolean;
}

export interface IamTable {
  readonly title: string;
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** The resources of a template, as far as is read here. */
export interface Template {
  Resources: Readonly<Record<string, { Type: string; DeletionPolicy?: string }>>;
}

/** What the CDK printed was not understood, so that nothing may be deployed on the strength of it. */
export class StackDiffError extends Error {
  override readonly name = 'StackDiffError';
}

/**
 * Reads what `cdk diff` printed; the locked CDK has no other form of it.
 * @param templates - of each stack, the one that is to be deployed
 * @throws StackDiffError where any line of it is not as expected
 */
export function parseDiff(printed: string, templates: Readonly<Record<string, Template>>): StackDiff[] {
  const text = stripVTControlCharacters(printed);
  const differing = /Number of stacks with differences: (\d+)/.exec(text)?.[1];
  if (differing === undefined) throw unexpected('no number of stacks with differences');
  const parts = text.split(/^Stack (?=[\w-]+(?: \(aws:|$))/m).slice(1);
  const diffs = parts.map((part) => {
    const stack = /^[\w-]+/.exec(part)?.[0] ?? '';
    const template = templates[stack];
    if (template === undefined) throw unexpected(`stack ${stack}, which was not asked for`);
    return stackDiff(stack, part.split('\n'), template);
  });
  for (const stack of Object.keys(templates))
    if (!diffs.some((diff) => diff.stack === stack)) throw unexpected(`nothing about stack ${stack}`);
  const found = diffs.filter(isChanged).length;
  if (found !== Number(differing))
    throw unexpected(`${differing} stacks with differences, of which ${found} tell any`);
  return diffs;
}

export const isChanged = ({ resources, iam, others }: StackDiff): boolean =>
  resources.length + iam.length + others > 0;

/**
 * Changes that take away what no deployment can make again: resources that the template says to keep, those of a type
 * that holds people's data, and whatever CloudFormation would leave behind.
 */
export function losses(diff: StackDiff, { Resources }: Template): ResourceChange[] {
  const types = new Set(Object.values(stateful));
  return diff.resources.filter(
    ({ change, kept, logicalId, type }) =>
      ['remove', 'replace', 'may be replaced'].includes(change) &&
      (kept ||
        logicalId in stateful ||
        types.has(type) ||
        !['Delete', undefined].includes(Resources[logicalId]?.DeletionPolicy)),
  );
}

const sections = /^\[[^\]]\] (?:Parameter|Metadata|Mapping|Condition|Output|Unknown) /;
/** `[~] TYPE PATH ID IMPACT`, of which PATH and IMPACT may be missing. */
const resourceLine = /^\[([+~←-])\] (\w+::\S+) (?:(\S.*) )?(\w+)$/;
const impactOf = / (replace|may be replaced|destroy|orphan)$/;

function stackDiff(stack: string, lines: readonly string[], template: Template): StackDiff {
  // A text with line breaks may look like a heading; a row counts wherever it stands.
  const rows = lines.filter((line) => /^\[.\]/.test(line));
  return {
    stack,
    resources: rows.filter((line) => !sections.test(line)).map((line) => resourceChange(line, template)),
    iam: iamTables(lines),
    others:
      rows.filter((line) => sections.test(line)).length + lines.filter((line) => line === 'Template').length,
  };
}

function resourceChange(line: string, { Resources }: Template): ResourceChange {
  // What a refactoring could do instead stands at the end.
  const row = line.trimEnd().replace(/ \(OR .*\)$/, '');
  const impact = impactOf.exec(row)?.[1];
  const [, mark, type = '', path = '', logicalId = ''] = resourceLine.exec(row.replace(impactOf, '')) ?? [];
  const shape = { type, path, logicalId, kept: impact === 'orphan' };
  // An impact of another version would be taken for an id, which the template then does not have.
  const known = logicalId in Resources;
  if (mark === '-' && (impact === 'destroy' || impact === 'orphan')) return { change: 'remove', ...shape };
  if (mark === '+' && known && impact === undefined) return { change: 'add', ...shape };
  if (mark === '←' && known && impact === undefined) return { change: 'import', ...shape };
  if (mark === '~' && known && impact === undefined) return { change: 'update', ...shape };
  if (mark === '~' && known && (impact === 'replace' || impact === 'may be replaced'))
    return { change: impact, ...shape };
  throw unexpected(JSON.stringify(line));
}

/** The tables that the CDK draws with box characters; a row may have several lines. */
function iamTables(lines: readonly string[]): IamTable[] {
  const tables: { title: string; head: string[]; rows: string[][] }[] = [];
  let row: string[] | undefined;
  const end = () => {
    const table = tables.at(-1);
    if (row !== undefined && table?.head.length === 0) table.head = row;
    else if (row !== undefined) table?.rows.push(row);
    row = undefined;
  };
  for (const [index, line] of lines.entries()) {
    if (/^[┌├└]/.test(line)) end();
    if (line.startsWith('┌')) tables.push({ title: lines[index - 1] ?? '', head: [], rows: [] });
    if (!line.startsWith('│')) continue;
    const cells = line
      .slice(1, line.lastIndexOf('│'))
      .split('│')
      .map((cell) => cell.trim());
    // Rows about one resource have no line between them; each begins with what becomes of it.
    if (cells[0] !== '') end();
    const before: readonly string[] = row ?? [];
    row = cells.map((cell, i) => `${before[i] ?? ''} ${cell}`.trim());
  }
  end();
  return tables;
}

const unexpected = (what: string): StackDiffError =>
  new StackDiffError(
    `cdk diff: found ${what}, expected the form that the locked CDK prints; nothing was deployed. Is the aws-cdk of the bundles the one of package-lock.json?`,
  );
