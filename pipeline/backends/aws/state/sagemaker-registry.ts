import {
  CreateModelPackageCommand,
  CreateModelPackageGroupCommand,
  DescribeModelPackageCommand,
  ListModelPackagesCommand,
  type ModelPackageSummary,
  type SageMakerClient,
  UpdateModelPackageCommand,
} from '@aws-sdk/client-sagemaker';
import { NotFoundError } from '../../../errors.ts';
import { canonicalJson, sha256 } from '../../../hash.ts';
import { packageKey } from '../../../package-key.ts';
import type {
  ApprovalStatus,
  ModelPackage,
  PackageDescription,
  PackageSummary,
  Registry,
  Storage,
} from '../../../ports.ts';

export interface RegistryOptions {
  /** The model package group, `STACK--MODEL`. */
  group: string;
  /** `arn:PARTITION:sagemaker:REGION:ACCOUNT`, because a version can only be described by its ARN. */
  arnPrefix: string;
  storage: Storage;
  /** `s3://BUCKET/PREFIX/` of the descriptions. */
  folder: string;
}

/**
 * The SageMaker Model Registry. A package's description is too large for its fields, so it is one JSON object in
 * storage, named by its content. The registry has its URI and the facts that people look for in the console.
 */
export class SageMakerRegistry implements Registry {
  readonly #client: SageMakerClient;
  readonly #options: RegistryOptions;

  constructor(client: SageMakerClient, options: RegistryOptions) {
    this.#client = client;
    this.#options = options;
  }

  async register(description: PackageDescription): Promise<ModelPackage> {
    const { group, storage, folder } = this.#options;
    const text = canonicalJson(description);
    const hash = sha256(text);
    const uri = `${folder}${hash}.json`;
    await storage.write(uri, text);
    const create = () =>
      this.#client.send(
        new CreateModelPackageCommand({
          ModelPackageGroupName: group,
          ModelPackageDescription: uri,
          ModelApprovalStatus: 'PendingManualApproval',
          // The same description gives the same token, so a retry returns the package of the first attempt.
          ClientToken: hash.slice(0, 36),
          InferenceSpecification: {
            Containers: [{ Image: description.image, ModelDataUrl: description.artifact }],
            SupportedContentTypes: ['text/csv', 'application/jsonlines'],
            SupportedResponseMIMETypes: ['text/csv', 'application/jsonlines'],
          },
          CustomerMetadataProperties: metadataOf(description),
        }),
      );
    const { ModelPackageArn = '' } = await create().catch(async (error) => {
      if (!isMissing(error)) throw error;
      await this.#createGroup();
      return await create();
    });
    const number = ModelPackageArn.slice(ModelPackageArn.lastIndexOf('/') + 1);
    const name = `${group}/${number}`;
    await storage.write(this.#noteOf(packageKey(description)), name);
    return { ...description, name, status: 'PendingManualApproval' };
  }

  async get(name: string): Promise<ModelPackage | null> {
    const arn = this.#arnOf(name);
    if (arn === null) return null;
    try {
      const found = await this.#client.send(new DescribeModelPackageCommand({ ModelPackageName: arn }));
      return await this.#packageOf(found);
    } catch (error) {
      if (isMissing(error)) return null;
      throw error;
    }
  }

  /**
   * Reads the note that register keeps, and looks at the newest packages where there is none: a run may have been killed
   * after it registered its package. So the registry's size does not matter.
   */
  async find(key: string): Promise<ModelPackage | null> {
    const noted = await this.#options.storage
      .read(this.#noteOf(key))
      .then((bytes) => new TextDecoder().decode(bytes))
      .catch((error: unknown) => {
        if (!(error instanceof NotFoundError)) throw error;
        return null;
      });
    const names = noted === null ? (await this.list(mostLookedAt)).map(({ name }) => name) : [noted];
    for (const name of names) {
      const found = await this.get(name);
      if (found !== null && packageKey(found) === key) return found;
    }
    return null;
  }

  async list(most = Number.POSITIVE_INFINITY): Promise<PackageSummary[]> {
    const { group } = this.#options;
    const found: ModelPackageSummary[] = [];
    let token: string | undefined;
    do {
      const page = await this.#client
        .send(
          new ListModelPackagesCommand({
            ModelPackageGroupName: group,
            SortBy: 'CreationTime',
            SortOrder: 'Descending',
            MaxResults: Math.min(most - found.length, 100),
            ...(token !== undefined && { NextToken: token }),
          }),
        )
        .catch(noneIfMissing);
      found.push(...(page.ModelPackageSummaryList ?? []));
      token = page.NextToken;
    } while (token !== undefined && found.length < most);
    return found
      .sort((a, b) => (b.ModelPackageVersion ?? 0) - (a.ModelPackageVersion ?? 0))
      .map(({ ModelPackageVersion, ModelApprovalStatus = 'PendingManualApproval' }) => ({
        name: `${group}/${ModelPackageVersion}`,
        status: ModelApprovalStatus,
      }));
  }

  async approve(name: string, status: ApprovalStatus, reason: string): Promise<void> {
    const arn = this.#arnOf(name);
    const missing = new NotFoundError(`model package ${name}: not in the registry`);
    if (arn === null) throw missing;
    try {
      await this.#client.send(
        new UpdateModelPackageCommand({
          ModelPackageArn: arn,
          ModelApprovalStatus: status,
          ApprovalDescription: reason.slice(0, 1024),
        }),
      );
    } catch (error) {
      throw isMissing(error) ? missing : error;
    }
  }

  /** A model's group is created with its first package. */
  async #createGroup(): Promise<void> {
    const { group } = this.#options;
    try {
      await this.#client.send(new CreateModelPackageGroupCommand({ ModelPackageGroupName: group }));
    } catch (error) {
      // Another run of the model has just created it.
      if (!/already exists/i.test((error as Error).message)) throw error;
    }
  }

  /** The object with the name of the package with this key. */
  #noteOf(key: string): string {
    return `${this.#options.folder}by-key/${key}`;
  }

  #arnOf(name: string): string | null {
    const { group, arnPrefix } = this.#options;
    const number = name.startsWith(`${group}/`) ? name.slice(group.length + 1) : '';
    return /^[1-9]\d*$/.test(number) ? `${arnPrefix}:model-package/${group.toLowerCase()}/${number}` : null;
  }

  async #packageOf(found: ModelPackageSummary): Promise<ModelPackage> {
    const { group, storage } = this.#options;
    const name = `${group}/${found.ModelPackageVersion}`;
    const uri = found.ModelPackageDescription ?? '';
    if (!/^s3:\/\/\S+\.json$/.test(uri)) {
      throw new Error(
        `model package ${name}: got the description ${JSON.stringify(uri)}, expected the s3:// URI that the ` +
          'pipeline wrote. Put a package made by hand into another group',
      );
    }
    const description = JSON.parse(new TextDecoder().decode(await storage.read(uri))) as PackageDescription;
    return { ...description, name, status: found.ModelApprovalStatus ?? 'PendingManualApproval' };
  }
}

/** Packages of runs that registered theirs at the same time as a run that was killed. */
const mostLookedAt = 8;

/** Metadata for people; the description is in storage. Values have at most 256 characters of a small alphabet. */
function metadataOf({ fingerprint, execution, outcome, data, metrics }: PackageDescription) {
  const values = {
    fingerprint,
    execution,
    outcome,
    data: data.version,
    ...Object.fromEntries(
      Object.entries(metrics).map(([metric, value]) => [`metric:${metric}`, String(value)]),
    ),
  };
  return Object.fromEntries(
    Object.entries(values)
      .slice(0, 50)
      .map(([key, value]) => [key, value.replaceAll(/[^\p{L}\p{Z}\p{N}_.:/=+\-@]/gu, '_').slice(0, 256)]),
  );
}

const isMissing = (error: unknown): boolean => {
  const { name, message } = error as Error;
  return (
    name === 'ResourceNotFound' ||
    (name === 'ValidationException' && /does not exist|not found/i.test(message))
  );
};

/** A model has no group before its first package is registered. */
function noneIfMissing(error: unknown): { ModelPackageSummaryList: []; NextToken?: string } {
  if (!isMissing(error)) throw error;
  return { ModelPackageSummaryList: [] };
}
