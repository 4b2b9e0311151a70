import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { dispatchEnvironment, testEnvironment } from '../environment.fixture.ts';
import { like } from './evaluate.fixture.ts';
import { rolesOf } from './roles.fixture.ts';
import type { Statement } from './statement.ts';

/**
 * Every statement of every role against AWS's own data about actions (actions.json): a statement whose resources no action
 * of it has, or whose condition no action knows, allows nothing in a real account, though it looks as if it did.
 */

interface Known {
  /** The types of resources that IAM holds the action to; true if each call has one. */
  readonly types: Readonly<Record<string, boolean>>;
  readonly keys: readonly string[];
}

const data = JSON.parse(readFileSync(new URL('actions.json', import.meta.url), 'utf8')) as {
  readonly actions: Readonly<Record<string, Known>>;
  /** ARNs of types, by `SERVICE:TYPE`. */
  readonly types: Readonly<Record<string, string>>;
};

const found = new Map<string, [string, Known][]>();
function known(pattern: string): [string, Known][] {
  const before = found.get(pattern);
  if (before) return before;
  const actions = Object.entries(data.actions).filter(([action]) =>
    like(pattern.toLowerCase(), action.toLowerCase()),
  );
  found.set(pattern, actions);
  return actions;
}

/** ARNs of a type, with a star for each part that differs. */
const arnOf = (action: string, type: string): string =>
  (data.types[`${action.split(':')[0]}:${type}`] ?? '').replaceAll(/\$\{\w+\}/g, '*');

/** Whether some ARN is matched by both patterns, whose stars keep to one of its six parts. */
function overlap(a: string, b: string): boolean {
  const parts = (arn: string) =>
    /^([^:]*):([^:]*):([^:]*):([^:]*):([^:]*):(.*)$/.exec(arn)?.slice(1) ?? [arn];
  const [left, right] = [parts(a), parts(b)];
  return left.length === right.length && left.every((part, index) => meet(part, right[index] ?? ''));
}

/** Whether some text is matched by both patterns. */
function meet(a: string, b: string): boolean {
  if (a === '' || b === '') return [...a, ...b].every((character) => character === '*');
  if (a[0] === '*') return meet(a.slice(1), b) || meet(a, b.slice(1));
  if (b[0] === '*') return meet(b, a);
  return a[0] === b[0] && meet(a.slice(1), b.slice(1));
}

const holds = ([action, { types }]: [string, Known], resource: string): boolean =>
  Object.keys(types).some((type) => overlap(arnOf(action, type), resource));

/** Calls that have a resource, and whose statement names none. */
const onPurpose: Record<string, string> = {
  'cloudwatch:DescribeAlarms': 'the handler of AWS::CloudWatch::Alarm asks by name, and lists',
  'cloudwatch:PutMetricData': 'the resource is a dataset, which we have none of; the namespace is the bound',
  'ec2:AssignPrivateIpAddresses': 'a network interface has no name before it is made',
  'ec2:CreateNetworkInterface': 'as above; Lambda checks for a star',
  'ec2:CreateNetworkInterfacePermission': 'as above',
  'ec2:DeleteNetworkInterface': 'as above',
  'ec2:DeleteNetworkInterfacePermission': 'as above',
  'ec2:DescribeVpcAttribute': 'asked before the id is known',
  'ec2:UnassignPrivateIpAddresses': 'as above',
  'ecs:RegisterTaskDefinition': 'the revision is not known before it is registered',
};

/*
 * AWS's data gives ListModelPackages packages alone, but the request names a group: its ARN is in the statement in case that
 * is what a real account holds the call to.
 */

/** Keys that every call has, or every call of a function's code. */
const global = /^aws:(PrincipalArn|SourceAccount|TagKeys)$|^lambda:SourceFunctionArn$/;

// biome-ignore lint/suspicious/noTemplateCurlyInString: as AWS's data has it
const tagless = (key: string): string => key.replace(/Tag\/.*/, 'Tag/${TagKey}');

const roles = (['processing', 'glue', 'fargate'] as const).flatMap((engine) =>
  (['staging', 'production'] as const).map((name) => ({
    title: `${engine}, ${name}`,
    roles: rolesOf(testEnvironment(name, engine)),
  })),
);

roles.push({ title: 'a dispatch to GitHub', roles: rolesOf(dispatchEnvironment()) });

describe.each(roles)('$title', ({ roles }) => {
  const statements = Object.entries(roles).flatMap(([role, { policy }]) =>
    policy
      .filter(({ Effect }) => Effect === 'Allow')
      .map((statement): [string, Statement] => [role, statement]),
  );

  test('every action is one of AWS', () => {
    expect(
      statements.flatMap(([role, { Action }]) =>
        Action.filter((action) => known(action).length === 0).map((action) => `${role}: ${action}`),
      ),
    ).toEqual([]);
  });

  test('every action has a resource of its own in its statement, and every resource an action', () => {
    const wrong = statements.flatMap(([role, { Action, Resource }]) => {
      if (Resource.includes('*'))
        return Action.filter((action) =>
          known(action).some(
            ([name, { types }]) => Object.values(types).includes(true) && !(name in onPurpose),
          ),
        ).map((action) => `${role}: ${action} on *, though it has a resource`);
      return [
        ...Action.filter(
          (action) => !known(action).some((one) => Resource.some((resource) => holds(one, resource))),
        ).map((action) => `${role}: ${action} on ${Resource}, none of which it has`),
        ...Resource.filter(
          (resource) =>
            !(resource.includes(':model-package-group/') && Action.includes('sagemaker:ListModelPackages')) &&
            !Action.some((action) => known(action).some((one) => holds(one, resource))),
        ).map((resource) => `${role}: ${resource} of no action in ${Action}`),
      ];
    });
    expect(wrong).toEqual([]);
  });

  test('every condition is on a key that the action knows', () => {
    const wrong = statements.flatMap(([role, { Action, Condition = {} }]) =>
      Object.values(Condition)
        .flatMap((keys) => Object.keys(keys))
        .filter((key) => !global.test(key))
        .flatMap((key) =>
          Action.filter((action) => !known(action).some(([, { keys }]) => keys.includes(tagless(key)))).map(
            (action) => `${role}: ${action} by ${key}`,
          ),
        ),
    );
    expect(wrong).toEqual([]);
  });

  test('a call of EC2 with several resources has each of them allowed', () => {
    const wrong = statements.flatMap(([role, { Action }]) =>
      Action.filter((action) => action.startsWith('ec2:')).flatMap((action) =>
        known(action).flatMap(([name, { types }]) =>
          Object.entries(types)
            .filter(
              ([type, required]) =>
                required &&
                !statements.some(
                  ([other, { Action: actions, Resource }]) =>
                    other === role &&
                    actions.includes(action) &&
                    Resource.some((resource) => resource === '*' || overlap(arnOf(name, type), resource)),
                ),
            )
            .map(([type]) => `${role}: ${action} has a ${type}`),
        ),
      ),
    );
    expect(wrong).toEqual([]);
  });
});

test('two patterns overlap where a text can match both', () => {
  expect(overlap('arn:*:sns:*:*:*', 'arn:aws:sns:eu-west-1:1:churn--*')).toBe(true);
  expect(overlap('arn:*:s3:::*', 'arn:aws:sns:eu-west-1:1:churn--*')).toBe(false);
  expect(overlap('arn:*:s3:::a*c', 'arn:aws:s3:::ab*')).toBe(true);
  expect(overlap('arn:*:s3:::a', 'arn:aws:s3:::a*b')).toBe(false);
});
