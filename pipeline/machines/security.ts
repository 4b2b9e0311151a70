import type { Json, Parameters } from './asl.ts';

/** Security settings of every job in an environment (mlops.yaml: environments.NAME), part of the deployed document. */
export interface Security {
  readonly vpc: { readonly subnets: readonly string[]; readonly security_groups: readonly string[] } | null;
  /** ARN of the customer managed key that encrypts everything at rest. */
  readonly kms_key: string | null;
  /** Whether training jobs and models run without network access. */
  readonly network_isolation: boolean;
  readonly tags: Readonly<Record<string, string>>;
}

type Demands = Security | undefined;

/** Network parameters of a training job or a model. */
export function isolation(security: Demands): Parameters {
  return {
    ...vpcConfig(security),
    ...(security?.network_isolation && { EnableNetworkIsolation: true }),
  };
}

/** Network parameters of a processing job: the pipeline's own prepare program, which needs no network isolation. */
export function network(security: Demands): Parameters {
  return security?.vpc ? { NetworkConfig: vpcConfig(security) } : {};
}

function vpcConfig(security: Demands): Parameters {
  return security?.vpc
    ? { VpcConfig: { Subnets: security.vpc.subnets, SecurityGroupIds: security.vpc.security_groups } }
    : {};
}

/** The environment's tags, and a tag with the model's name. */
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

/** The key of a job's output. */
export function outputKey(security: Demands): Parameters {
  return security?.kms_key ? { KmsKeyId: security.kms_key } : {};
}

/**
 * A job's instances: the value at `path`, as `NAME.$`. With a key, each field on its own, since no field can be added
 * to a value taken by its path.
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
