import type { Json, Parameters } from './asl.ts';

/** What a company's account demands of every job, as a deployed document states it (mlops.yaml: environments.NAME). */
export interface Security {
  readonly vpc: { readonly subnets: readonly string[]; readonly security_groups: readonly string[] } | null;
  /** ARN of the customer's key for everything at rest. */
  readonly kms_key: string | null;
  /** Training jobs and models get no network. */
  readonly network_isolation: boolean;
  readonly tags: Readonly<Record<string, string>>;
}

type Demands = Security | undefined;

/** Of a training job or a model. */
export function isolation(security: Demands): Parameters {
  return {
    ...vpcConfig(security),
    ...(security?.network_isolation && { EnableNetworkIsolation: true }),
  };
}

/** Of a processing job: the prepare job is the pipeline's own program and needs no isolation from the network. */
export function network(security: Demands): Parameters {
  return security?.vpc ? { NetworkConfig: vpcConfig(security) } : {};
}

function vpcConfig(security: Demands): Parameters {
  return security?.vpc
    ? { VpcConfig: { Subnets: security.vpc.subnets, SecurityGroupIds: security.vpc.security_groups } }
    : {};
}

/** What the environment demands, and whose job it is. */
export function tags(security: Demands): Parameters {
  if (security === undefined) return {};
  const entries = Object.entries(security.tags).filter(([Key]) => Key !== 'model');
  return {
    Tags: [
      ...entries.map(([Key, Value]): Json => ({ Key, Value })),
      { Key: 'model', 'Value.$': '$.request.model' },
    ],
  };
}

/** Of an output. */
export function outputKey(security: Demands): Parameters {
  return security?.kms_key ? { KmsKeyId: security.kms_key } : {};
}

/**
 * A job's instances, found under `path`, as the value of `NAME.$`; with a key field by field, since a path's value
 * takes no further field.
 */
export function instances(
  name: string,
  path: string,
  fields: readonly string[],
  security: Demands,
): Parameters {
  if (!security?.kms_key) return { [`${name}.$`]: path };
  const values = fields.map((field): [string, Json] => [`${field}.$`, `${path}.${field}`]);
  return { [name]: { ...Object.fromEntries(values), VolumeKmsKeyId: security.kms_key } };
}
