import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { createAtomic } from '../state/files.ts';
import { type CreateModel, parse } from './api.ts';
import type { Jobs } from './context.ts';
import { JobFailure, serviceError } from './errors.ts';
import { arn } from './job.ts';
import { list } from './s3.ts';

/** @throws `SageMaker.ValidationException` if the name is taken or there is no model data */
export async function createModel(jobs: Jobs, params: CreateModel): Promise<{ ModelArn: string }> {
  const { ModelName, PrimaryContainer } = parse('CreateModel', params);
  await list(jobs, PrimaryContainer.ModelDataUrl, 'S3Object').catch((error: unknown) => {
    if (!(error instanceof JobFailure)) throw error;
    throw serviceError(
      'ValidationException',
      `CreateModel: could not find model data at ${PrimaryContainer.ModelDataUrl}`,
    );
  });
  const modelArn = arn(`model/${ModelName}`);
  const text = `${JSON.stringify({ ModelArn: modelArn, ...params }, null, 2)}\n`;
  if (!(await createAtomic(fileOf(jobs, ModelName), text))) {
    throw serviceError('ValidationException', `Cannot create already existing model "${modelArn}".`);
  }
  return { ModelArn: modelArn };
}

/** @throws `SageMaker.ValidationException` where there is none of that name. */
export async function deleteModel(jobs: Jobs, params: { ModelName: string }): Promise<Record<string, never>> {
  const { ModelName } = parse('DeleteModel', params);
  await rm(fileOf(jobs, ModelName)).catch(notFound(ModelName));
  return {};
}

/** @throws `SageMaker.ValidationException` where there is none of that name. */
export async function readModel(jobs: Jobs, name: string): Promise<CreateModel> {
  const text = await readFile(fileOf(jobs, name), 'utf8').catch(notFound(name));
  return JSON.parse(text) as CreateModel;
}

function fileOf(jobs: Jobs, name: string): string {
  return join(jobs.root, 'model', `${name}.json`);
}

function notFound(name: string) {
  return (error: NodeJS.ErrnoException): never => {
    if (error.code !== 'ENOENT') throw error;
    throw serviceError('ValidationException', `Could not find model ${arn(`model/${name}`)}`);
  };
}
