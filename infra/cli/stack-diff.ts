import { stripVTControlCharacters } from 'node:util';
import {
  type DescribeChangeSetOutput,
  fullDiff,
  mangleLikeCloudFormation,
  type ResourceDifference,
  ResourceImpact,
  type TemplateDiff,
} from '@aws-cdk/cloudformation-diff';
import stateful from '../stateful-resources.json' with { type: 'json' };

/** What a deployment would change in one stack. */
export interface StackDiff {
  readonly stack: string;
  readonly resources: readonly ResourceChange[];
  /** Changes of roles, policies and permissions, as the CDK words them. */
  readonly iam: readonly IamTable[];
  /** The number of outputs, parameters and the like that change. */
  readonly others: number;
}

export interface ResourceChange {
  /** The change; `may be replaced` depends on values that only the deployment knows. */
  readonly change: 'add' | 'update' | 'remove' | 'import' | 'replace' | 'may be replaced';
  /** CloudFormation's type, such as AWS::S3::Bucket. */
  readonly type: string;
  /** The construct's path; empty if the template does not have it. */
  readonly path: string;
  readonly logicalId: string;
  /** Whether it leaves the stack but stays in the account, as its deletion policy says. */
  readonly kept: boolean;
  /** The properties that cause a replacement. */
  readonly because: readonly string[];
}

export interface IamTable {
  readonly title: string;
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

interface Resource {
  readonly Type: string;
  readonly DeletionPolicy?: string;
  readonly Metadata?: Readonly<Record<string, unknown>>;
}

/** The part of a template that is read here. */
export interface Template {
  readonly Resources: Readonly<Record<string, Resource>>;
}

/** The deployed template, and CloudFormation's change set for the new one. */
export interface Deployed {
  /** Undefined if the stack does not exist yet. */
  readonly template: Partial<Template> | undefined;
  /** Undefined if CloudFormation made none; then the resource specification says what is replaced. */
  readonly changeSet?: DescribeChangeSetOutput | undefined;
}

/** The diff has a change of an unknown kind, so nothing may be deployed. */
export class StackDiffError extends Error {
  override readonly name = 'StackDiffError';
}

/**
 * Compares templates with the library of `cdk diff`, whose result lists each property. CloudFormation's change set says what
 * is really replaced. If the two disagree about a resource, the worse change counts.
 * @throws StackDiffError if either has a change of an unknown kind
 */
export function stackDiff(stack: string, next: Template, { template, changeSet }: Deployed): StackDiff {
  const diff = templateDiff(template ?? {}, next, changeSet);
  const resources = new Map<string, ResourceChange>();
  const pathOf = (id: string): string =>
    shortPath((next.Resources[id] ?? template?.Resources?.[id])?.Metadata?.['aws:cdk:path']);
  diff.resources.forEachDifference((logicalId, difference) => {
    const change = resourceChange(logicalId, pathOf(logicalId), difference);
    if (change !== undefined) resources.set(logicalId, change);
  });
  for (const told of changesOf(changeSet)) {
    const known = resources.get(told.logicalId);
    resources.set(
      told.logicalId,
      known === undefined || severity(told) > severity(known)
        ? { ...told, path: pathOf(told.logicalId) }
        : { ...known, kept: known.kept || told.kept },
    );
  }
  for (const { change, type, logicalId } of resources.values())
    if (type === 'AWS::CloudFormation::Stack' && change !== 'add')
      throw new StackDiffError(
        `${stack}: ${logicalId} is a nested stack, whose changes are not compared; nothing was deployed. ` +
          'Move its resources to a stack of their own',
      );
  return {
    stack,
    resources: [...resources.values()],
    iam: iamTables(diff, pathOf),
    others: diff.differenceCount - diff.resources.differenceCount,
  };
}

export const isChanged = ({ resources, iam, others }: StackDiff): boolean =>
  resources.length + iam.length + others > 0;

/**
 * The changes that replace or remove data, which no deployment can restore: those of resources that the template retains, of
 * types that hold people's data, and of resources that CloudFormation would leave behind. A version of a function is left
 * behind at every deployment, for the executions that call it: it is code, no data.
 */
export function losses(diff: StackDiff, { Resources }: Template): ResourceChange[] {
  const types = new Set(Object.values(stateful));
  return diff.resources.filter(
    (change) =>
      severity(change) > 0 &&
      change.type !== 'AWS::Lambda::Version' &&
      (change.kept ||
        change.logicalId in stateful ||
        types.has(change.type) ||
        !['Delete', undefined].includes(Resources[change.logicalId]?.DeletionPolicy)),
  );
}

/** The rank of a change by the data that it may remove; 0 removes none. */
const severity = ({ change }: ResourceChange): number =>
  ['may be replaced', 'replace', 'remove'].indexOf(change) + 1;

function templateDiff(
  deployed: Partial<Template>,
  next: Template,
  changeSet: DescribeChangeSetOutput | undefined,
): TemplateDiff {
  const exact = fullDiff(deployed, next, changeSet);
  const text = JSON.stringify(next);
  const stored = mangleLikeCloudFormation(text);
  if (stored === text) return exact;
  // CloudFormation stores a question mark for each character outside ASCII, which is no change.
  const mangled = fullDiff(deployed, JSON.parse(stored), changeSet);
  return mangled.differenceCount < exact.differenceCount ? mangled : exact;
}

const impacts: Readonly<Record<ResourceImpact, ResourceChange['change']>> = {
  [ResourceImpact.WILL_CREATE]: 'add',
  [ResourceImpact.WILL_IMPORT]: 'import',
  [ResourceImpact.WILL_UPDATE]: 'update',
  [ResourceImpact.NO_CHANGE]: 'update',
  [ResourceImpact.MAY_REPLACE]: 'may be replaced',
  [ResourceImpact.WILL_REPLACE]: 'replace',
  [ResourceImpact.WILL_DESTROY]: 'remove',
  [ResourceImpact.WILL_ORPHAN]: 'remove',
};

function resourceChange(
  logicalId: string,
  path: string,
  difference: ResourceDifference,
): ResourceChange | undefined {
  if (!difference.isDifferent && difference.isImport !== true) return undefined;
  const { changeImpact, oldResourceType, newResourceType } = difference;
  const change = impacts[changeImpact];
  if (change === undefined) throw unexpected(`${logicalId}: got impact ${changeImpact}`);
  const properties = Object.entries(difference.propertyUpdates);
  return {
    change,
    type: newResourceType ?? oldResourceType ?? '',
    path,
    logicalId,
    kept: changeImpact === ResourceImpact.WILL_ORPHAN,
    because: difference.resourceTypeChanged
      ? ['Type']
      : properties.filter(([, update]) => isReplacement(update.changeImpact)).map(([name]) => name),
  };
}

const isReplacement = (impact: ResourceImpact | undefined): boolean =>
  impact === ResourceImpact.WILL_REPLACE || impact === ResourceImpact.MAY_REPLACE;

/** The replacements and removals of the change set, which knows values that the templates do not. */
function changesOf(changeSet: DescribeChangeSetOutput | undefined): ResourceChange[] {
  return (changeSet?.Changes ?? []).flatMap(({ ResourceChange: told }) => {
    const { LogicalResourceId: logicalId, ResourceType: type = '' } = told ?? {};
    if (told === undefined || logicalId === undefined)
      throw unexpected('got a change of something other than a resource');
    const because = (told.Details ?? [])
      .filter(({ Target }) => (Target?.RequiresRecreation ?? 'Never') !== 'Never')
      .map(({ Target }) => Target?.Name ?? Target?.Attribute ?? '');
    const change = changeOf(told, because);
    const kept = change === 'remove' && (told.PolicyAction ?? 'Delete') !== 'Delete';
    return change === undefined
      ? []
      : [{ change, type, path: '', logicalId, kept, because: [...new Set(because)] }];
  });
}

type ChangeSetResource = NonNullable<
  NonNullable<DescribeChangeSetOutput['Changes']>[number]['ResourceChange']
>;

/** @returns undefined if the change removes nothing */
function changeOf(
  { Action, Replacement, LogicalResourceId }: ChangeSetResource,
  because: readonly string[],
): ResourceChange['change'] | undefined {
  if (Action === 'Add' || Action === 'Import') return undefined;
  if (Action === 'Remove') return 'remove';
  // The change depends on a value that only the deployment knows.
  if (Action === 'Dynamic') return 'may be replaced';
  if (Action !== 'Modify') throw unexpected(`${LogicalResourceId}: got action ${Action}`);
  if (Replacement === 'True') return 'replace';
  // CloudFormation names the properties that it depends on. An emulator names none, and answers this for every resource.
  if (Replacement === 'Conditional') return because.length > 0 ? 'may be replaced' : undefined;
  if (Replacement === 'False' || Replacement === undefined) return undefined;
  throw unexpected(`${LogicalResourceId}: got replacement ${Replacement}`);
}

function iamTables(
  { iamChanges: iam, securityGroupChanges: groups }: TemplateDiff,
  pathOf: (id: string) => string,
): IamTable[] {
  const tables: [title: string, changes: { hasChanges: boolean }, rows: string[][]][] = [
    ['IAM Statement Changes', iam.statements, iam.summarizeStatements()],
    ['IAM Policy Changes', iam.managedPolicies, iam.summarizeManagedPolicies()],
    ['IAM Identity Center Permission Sets', iam.ssoPermissionSets, iam.summarizeSsoPermissionSets()],
    ['IAM Identity Center Access', iam.ssoInstanceACAConfigs, iam.summarizeSsoInstanceACAConfigs()],
    ['IAM Identity Center Assignments', iam.ssoAssignments, iam.summarizeSsoAssignments()],
    ['Security Group Changes', groups, groups.summarize()],
  ];
  const plain = (cell = ''): string =>
    stripVTControlCharacters(cell)
      .replace(
        /\$\{([^.}]+)([^}]*)\}/g,
        (_, id: string, attribute: string) => `\${${pathOf(id) || id}${attribute}}`,
      )
      .replace(/\s+/g, ' ');
  return tables
    .filter(([, { hasChanges }]) => hasChanges)
    .map(([title, , [head = [], ...rows]]) => ({
      title,
      head: head.map(plain),
      rows: rows.map((row) => row.map(plain)),
    }));
}

/** A construct's path without its stack's name and without a trailing `Resource` or `Default`. */
function shortPath(path: unknown): string {
  const [, ...parts] = typeof path === 'string' ? path.split('/') : [];
  if (parts.length > 1 && ['Resource', 'Default'].includes(parts.at(-1) ?? '')) parts.pop();
  return parts.join('/');
}

const unexpected = (what: string): StackDiffError =>
  new StackDiffError(
    `changes of the stack: ${what}, expected a known kind of change; nothing was deployed. Is the bundled aws-cdk the version of package-lock.json?`,
  );
