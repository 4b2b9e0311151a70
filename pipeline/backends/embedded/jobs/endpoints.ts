/**
 * Real-time endpoints on this machine. Nothing stays running between two calls: an endpoint is a record of which model
 * answers, and its `serve` runs while it is checked or asked. The calls, their refusals and the statuses are SageMaker's:
 * an update that fails is in service again with the old config, and only the config's name tells.
 */
import { randomUUID } from 'node:crypto';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { EndpointError } from '../../../errors.ts';
import { hasEnded, ownerOf } from '../owner.ts';
import { createAtomic, unlessMissing } from '../state/files.ts';
import {
  type CreateEndpoint,
  type CreateEndpointConfig,
  type Endpoint,
  type EndpointStatus,
  parse,
  type UpdateEndpoint,
} from './api.ts';
import type { JobContext, Jobs } from './context.ts';
import { JobFailure, serviceError } from './errors.ts';
import { arn, writeJson } from './job.ts';
import { removeTree } from './left-files.ts';
import { type ModelServer, withModelServer } from './model-server.ts';
import { readModel } from './models.ts';
import { findImage } from './run-program.ts';
import { secretFilter } from './secrets.ts';
import { unpackModel } from './transform.ts';

/** What is kept of an endpoint: what DescribeEndpoint answers, and the process that changes it now. */
interface Kept extends Endpoint {
  Owner?: string;
}

const refuse = (message: string) => serviceError('ValidationException', message);

/** @throws `SageMaker.ValidationException` if the name is taken or there is no such model */
export async function createEndpointConfig(
  jobs: Jobs,
  params: CreateEndpointConfig,
): Promise<{ EndpointConfigArn: string }> {
  const { EndpointConfigName, ProductionVariants } = parse('CreateEndpointConfig', params);
  for (const { ModelName } of ProductionVariants) await readModel(jobs, ModelName);
  const EndpointConfigArn = arn(`endpoint-config/${EndpointConfigName}`);
  const text = `${JSON.stringify({ ...params, EndpointConfigArn }, null, 2)}\n`;
  if (!(await createAtomic(configFile(jobs, EndpointConfigName), text)))
    throw refuse(`Cannot create already existing endpoint configuration "${EndpointConfigArn}".`);
  return { EndpointConfigArn };
}

/** @throws `SageMaker.ValidationException` if there is none of that name */
export async function deleteEndpointConfig(
  jobs: Jobs,
  params: { EndpointConfigName: string },
): Promise<Record<string, never>> {
  const { EndpointConfigName } = parse('DeleteEndpointConfig', params);
  await readConfig(jobs, EndpointConfigName);
  await rm(configFile(jobs, EndpointConfigName), { force: true });
  return {};
}

/**
 * Begins to make an endpoint; DescribeEndpoint tells how it ends.
 * @throws `SageMaker.ValidationException` if the name is taken or there is no such config
 */
export async function createEndpoint(
  jobs: Jobs,
  params: CreateEndpoint,
  context: JobContext,
): Promise<{ EndpointArn: string }> {
  const { EndpointName: name, EndpointConfigName: config } = parse('CreateEndpoint', params);
  await readConfig(jobs, config);
  const EndpointArn = arn(`endpoint/${name}`);
  if ((await readKept(jobs, name)) !== null)
    throw refuse(`Cannot create already existing endpoint "${EndpointArn}".`);
  const now = jobs.now().toISOString();
  const kept: Kept = {
    EndpointName: name,
    EndpointArn,
    EndpointConfigName: config,
    EndpointStatus: 'Creating',
    CreationTime: now,
    LastModifiedTime: now,
    Owner: ownerOf(process.pid),
  };
  await mkdir(endpointFolder(jobs, name), { recursive: true });
  await save(jobs, kept);
  void change(jobs, kept, { config, failed: 'Failed' }, context);
  return { EndpointArn };
}

/**
 * Begins to update an endpoint.
 * @throws `SageMaker.ValidationException` if there is no such endpoint or config, or it is being changed, or has failed
 */
export async function updateEndpoint(
  jobs: Jobs,
  params: UpdateEndpoint,
  context: JobContext,
): Promise<{ EndpointArn: string }> {
  const {
    EndpointName: name,
    EndpointConfigName: config,
    DeploymentConfig,
  } = parse('UpdateEndpoint', params);
  const kept = await settled(jobs, name);
  const { EndpointArn, EndpointStatus } = kept;
  if (isBusy(EndpointStatus)) throw refuse(`Cannot update in-progress endpoint "${EndpointArn}".`);
  if (EndpointStatus === 'Failed')
    throw refuse(`Cannot update endpoint "${EndpointArn}" in status Failed: it can only be deleted.`);
  const variant = (await readConfig(jobs, config)).ProductionVariants[0];
  const kind = DeploymentConfig?.BlueGreenUpdatePolicy?.TrafficRoutingConfiguration.Type ?? 'ALL_AT_ONCE';
  if (kind !== 'ALL_AT_ONCE' && (variant?.InitialInstanceCount ?? 1) < 2)
    throw refuse(`UpdateEndpoint: ${kind} needs at least two instances in variant ${variant?.VariantName}`);
  await save(jobs, { ...kept, EndpointStatus: 'Updating', Owner: ownerOf(process.pid) });
  void change(jobs, kept, { config, failed: 'InService' }, context);
  return { EndpointArn };
}

/** @throws `SageMaker.ValidationException` if there is no such endpoint */
export async function describeEndpoint(jobs: Jobs, params: { EndpointName: string }): Promise<Endpoint> {
  const { Owner: _, ...endpoint } = await settled(jobs, parse('DescribeEndpoint', params).EndpointName);
  return endpoint;
}

/** @throws `SageMaker.ValidationException` if there is no such endpoint, or it is being changed */
export async function deleteEndpoint(
  jobs: Jobs,
  params: { EndpointName: string },
): Promise<Record<string, never>> {
  const { EndpointName } = parse('DeleteEndpoint', params);
  const { EndpointArn, EndpointStatus } = await settled(jobs, EndpointName);
  if (isBusy(EndpointStatus)) throw refuse(`Cannot delete in-progress endpoint "${EndpointArn}".`);
  await removeTree(endpointFolder(jobs, EndpointName));
  return {};
}

/** SageMaker's limit of a real-time answer. */
const answerSeconds = 60;

/** The answer of the model behind an endpoint. Throws EndpointError where there is none. */
export async function invokeEndpoint(
  jobs: Jobs,
  name: string,
  { contentType, body }: { contentType: string; body: string },
): Promise<string> {
  const kept = await readKept(jobs, name);
  if (kept === null || (kept.EndpointStatus !== 'InService' && kept.EndpointStatus !== 'Updating'))
    throw new EndpointError(
      `Endpoint ${name} of account 000000000000 not found: ${kept === null ? 'there is none' : `its status is ${kept.EndpointStatus}`}`,
    );
  try {
    return await withEndpointServer(jobs, kept, kept.EndpointConfigName, quiet, async (server) => {
      const how = { contentType, accept: contentType, timeoutSeconds: answerSeconds, retries: 0 };
      return (await server.invoke(Buffer.from(body), how)).toString('utf8');
    });
  } catch (error) {
    if (error instanceof JobFailure) throw new EndpointError(error.message);
    throw error;
  }
}

const quiet: JobContext = { signal: new AbortController().signal, progress: () => {} };

/** The models that endpoint configs name. */
export async function modelsOfConfigs(root: string, configs: readonly string[]): Promise<Set<string>> {
  const texts = await Promise.all(
    configs.map((name) => readFile(join(root, 'endpoint-config', name), 'utf8')),
  );
  return new Set(
    texts.flatMap((text) =>
      (JSON.parse(text) as CreateEndpointConfig).ProductionVariants.map(({ ModelName }) => ModelName),
    ),
  );
}

/** Checks the new model's health and records how the change ended. Never rejects: nobody waits for it. */
async function change(
  jobs: Jobs,
  kept: Kept,
  { config, failed }: { config: string; failed: EndpointStatus },
  context: JobContext,
): Promise<void> {
  const { Owner: _, FailureReason: _reason, ...endpoint } = kept;
  const end = async (status: EndpointStatus, name: string, reason?: string) => {
    await save(jobs, {
      ...endpoint,
      EndpointConfigName: name,
      EndpointStatus: status,
      LastModifiedTime: jobs.now().toISOString(),
      ...(reason !== undefined && { FailureReason: secretFilter()(reason).slice(0, 1024) }),
    }).catch(() => undefined); // A full disk: the next look finds this process gone.
  };
  try {
    await withEndpointServer(jobs, kept, config, context, async () => undefined);
    await end('InService', config);
  } catch (error) {
    const { ProductionVariants = [] } = await readConfig(jobs, config).catch(() => ({
      ProductionVariants: [],
    }));
    const variant = ProductionVariants[0]?.VariantName ?? '';
    await end(
      failed,
      kept.EndpointConfigName,
      `The primary container for production variant ${variant} did not pass the ping health check: ${(error as Error).message}`,
    );
  }
}

/** Starts the `serve` of a config's model, waits until it is healthy, calls `use`, and stops it. Its last lines go to log.txt. */
async function withEndpointServer<T>(
  jobs: Jobs,
  { EndpointName: name }: Kept,
  config: string,
  { signal, progress }: JobContext,
  use: (server: ModelServer, signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const [variant] = (await readConfig(jobs, config)).ProductionVariants;
  if (variant === undefined) throw new JobFailure(`ClientError: config ${config}: expected a variant`);
  const { Image, ModelDataUrl, Environment } = (await readModel(jobs, variant.ModelName)).PrimaryContainer;
  const image = await findImage(jobs, Image);
  const folder = endpointFolder(jobs, name);
  const baseDir = join(folder, 'ml', randomUUID());
  await mkdir(join(baseDir, 'model'), { recursive: true });
  const lines: string[] = [];
  const onLine = (line: string) => {
    lines.push(line.slice(0, 1000));
    if (lines.length > mostLines) lines.shift();
  };
  try {
    await unpackModel(jobs, ModelDataUrl, join(baseDir, 'model'), signal);
    const onNote = (text: string) => progress({ kind: 'note', job: name, text });
    return await withModelServer(
      jobs,
      image,
      { baseDir, env: { ...Environment }, onLine, onNote, signal },
      use,
    );
  } finally {
    await writeFile(join(folder, 'log.txt'), lines.map((line) => `${line}\n`).join('')).catch(
      () => undefined,
    );
    await removeTree(baseDir).catch(() => undefined);
  }
}

/** The number of a server's last lines that are kept. */
const mostLines = 1000;

const isBusy = (status: EndpointStatus): boolean => status === 'Creating' || status === 'Updating';

/** An endpoint. Where the process that changed it was killed, the change has failed. */
async function settled(jobs: Jobs, name: string): Promise<Kept> {
  const kept = await readKept(jobs, name);
  if (kept === null) throw refuse(`Could not find endpoint "${arn(`endpoint/${name}`)}".`);
  const { Owner, ...endpoint } = kept;
  if (Owner === undefined || !isBusy(kept.EndpointStatus) || !hasEnded(Owner)) return kept;
  const after: Kept = {
    ...endpoint,
    EndpointStatus: kept.EndpointStatus === 'Creating' ? 'Failed' : 'InService',
    FailureReason: 'The process that changed the endpoint was killed.',
  };
  await save(jobs, after);
  return after;
}

const endpointFolder = (jobs: Jobs, name: string): string => join(jobs.root, 'endpoint', name);

const configFile = (jobs: Jobs, name: string): string => join(jobs.root, 'endpoint-config', `${name}.json`);

const save = (jobs: Jobs, kept: Kept): Promise<void> =>
  writeJson(join(endpointFolder(jobs, kept.EndpointName), 'describe.json'), kept);

async function readKept(jobs: Jobs, name: string): Promise<Kept | null> {
  const text = await unlessMissing(readFile(join(endpointFolder(jobs, name), 'describe.json'), 'utf8'));
  return text === null ? null : (JSON.parse(text) as Kept);
}

async function readConfig(jobs: Jobs, name: string): Promise<CreateEndpointConfig> {
  const text = await unlessMissing(readFile(configFile(jobs, name), 'utf8'));
  if (text === null)
    throw refuse(`Could not find endpoint configuration "${arn(`endpoint-config/${name}`)}".`);
  return JSON.parse(text) as CreateEndpointConfig;
}
