import { parseConfig } from '../../pipeline/config/load.ts';
import type { Engine } from '../environment.fixture.ts';
import { type Environment, environmentOf } from '../environment.ts';

/** Regions with the longest names, in two partitions. */
export const longRegions = ['ap-southeast-1', 'us-gov-west-1'];

/**
 * An environment whose names are as long as they may be, with everything that mlops.yaml may name: three models, or one whose
 * data start the workflow Retrain.
 */
export function longestEnvironment(
  engine: Engine,
  region: string,
  models: 'three' | 'dispatch' = 'three',
): Environment {
  const partition = region.startsWith('us-gov-') ? 'aws-us-gov' : 'aws';
  const list = (many: number, text: (index: number) => string) =>
    `[${Array.from({ length: many }, (_, index) => text(index)).join(', ')}]`;
  const key = (index: number) =>
    `arn:${partition}:kms:${region}:111111111111:key/00000000-0000-0000-0000-00000000000${index}`;
  // Fargate has more to create without a VPC, everything else with one.
  const network =
    engine === 'fargate'
      ? ''
      : `
    vpc: { subnets: ${list(3, (index) => `subnet-0a1b2c3d4e5f6a7b${index}`)}, security_groups: [sg-0a1b2c3d4e5f6a7b8], availability_zones: ${list(3, (index) => `${region}${'abc'[index]}`)} }`;
  const long = (start: number, length: number) => `${start}${'x'.repeat(length - 1)}`;
  const connection = `arn:${partition}:events:${region}:111111111111:connection/${long(1, 64)}/00000000-0000-0000-0000-000000000000`;
  const dispatch = `
    repository_dispatch: { repository: "octo/${long(1, 100)}", connection: "${connection}" }`;
  const model = (index: number) =>
    parseConfig(`
project: abcdefghij-klmnopqrs
problem: binary
data: { source: "s3://${long(index, 63)}/${'folder/'.repeat(8)}", target: left }
model: { image: "222222222222.dkr.ecr.${region}.amazonaws.com/shared/${long(index, 60)}@sha256:${'0'.repeat(64)}" }
prepare: { engine: ${engine} }
notifications: { email: [ops@example.com] }
${models === 'dispatch' ? 'triggers: { data_landed: true, scoring_landed: true, quiet: off }' : ''}
environments:
  productions0:
    account: "111111111111"
    region: ${region}
    approval: true
    pull_request_role: true
    kms_key: ${key(0)}
    data_kms_keys: ${list(3, (index) => key(index + 1))}
    network_isolation: true${network}${models === 'dispatch' ? dispatch : ''}
${[1, 2, 3, 4].map((index) => `  productions${index}: { account: "22222222222${index}", region: ${region} }`).join('\n')}
`);
  return environmentOf(models === 'dispatch' ? [model(1)] : [model(1), model(2), model(3)], 'productions0');
}
