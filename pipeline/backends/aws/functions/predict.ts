import { randomUUID } from 'node:crypto';
import { EndpointError } from '../../../errors.ts';
import { endpointName, namePattern } from '../../../names.ts';
import { contractOf } from '../../../serve/contract.ts';
import { type EndpointPort, predictionHandler } from '../../../serve/handler.ts';
import { ModelUnreachableError, type ServedModel } from '../../../serve/service.ts';
import { type Manifest, readJson, type StepContext } from '../../../steps/context.ts';
import { capturesFolder } from '../../../steps/release/artifacts.ts';
import { currentId, type Pointer, pointerKind } from '../../../steps/release/records.ts';
import { readNamedJson } from '../../../steps/train/unchanged.ts';
import { SageMakerEndpoints } from '../state/sagemaker-endpoints.ts';
import { handlerFor, type Invocation } from './step-handler.ts';

/** A request to the function's URL, in the payload format 2.0 of HTTP APIs. */
interface HttpEvent {
  rawPath: string;
  requestContext: { http: { path: string } };
}

interface HttpAnswer {
  statusCode: number;
  headers: Record<string, string>;
  body: string;
}

type Handle = ReturnType<typeof predictionHandler>;

const endpoints = new SageMakerEndpoints(process.env.AWS_REGION ?? '');
const handles = new Map<string, Handle>();

/** Milliseconds for which the released package is taken from memory. */
const freshFor = 5000;

/**
 * The prediction service in front of the endpoints: URL/MODEL/predict and what else the service has. It serves the models that
 * the deployment lists, and no other.
 */
export const handler = handlerFor(
  async (event: HttpEvent, contextOf, invocation: Invocation): Promise<unknown> => {
    const [, model = '', rest = ''] = /^\/([^/]*)(\/.*)?$/.exec(event.rawPath) ?? [];
    const served = (process.env.MLOPS_SERVED ?? '').split(',');
    if (!namePattern.test(model) || !served.includes(model))
      return notFound(
        `got the path ${JSON.stringify(event.rawPath)}, expected /MODEL/predict with MODEL one of ${served.join(', ')}`,
      );
    const handle = handles.get(model) ?? predictionHandler(portOf(contextOf(model)));
    handles.set(model, handle);
    const path = rest === '' ? '/' : rest;
    const http = { ...event.requestContext.http, path };
    return await handle(
      { ...event, rawPath: path, requestContext: { ...event.requestContext, http } } as never,
      invocation as never,
    );
  },
);

const notFound = (error: string): HttpAnswer => ({
  statusCode: 404,
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify({ error }),
});

function portOf(context: StepContext): EndpointPort {
  let known: { at: number; pointer: Pointer | null } | null = null;
  let served: { package: string; mode: Pointer['mode']; model: ServedModel } | null = null;
  const pointerNow = async (): Promise<Pointer | null> => {
    const now = context.clock.now().getTime();
    if (known === null || now - known.at >= freshFor) {
      const pointer = (await context.ledger.get<Pointer>(pointerKind, currentId))?.value ?? null;
      known = { at: now, pointer };
    }
    return known.pointer;
  };
  return {
    async current() {
      const pointer = await pointerNow();
      if (pointer === null || pointer.mode === 'batch') return null;
      const { package: name, mode } = pointer;
      if (served?.package !== name || served.mode !== mode)
        served = { package: name, mode, model: await servedModel({ ...pointer, mode }, context) };
      return { ...served.model, release: pointer.release };
    },
    async keep(entries) {
      const [day = ''] = context.clock.now().toISOString().split('T');
      const uri = `${capturesFolder(context)}${day.replaceAll('-', '/')}/${randomUUID()}.jsonl`;
      await context.storage.write(uri, entries.map((entry) => `${JSON.stringify(entry)}\n`).join(''));
    },
    now: () => context.clock.now(),
  };
}

/** The released package as its own manifest and settings describe it, which answers through the model's endpoint. */
async function servedModel(
  pointer: Pointer & { mode: 'endpoint' | 'serverless' },
  context: StepContext,
): Promise<ServedModel> {
  const found = await context.registry.get(pointer.package);
  if (found === null)
    throw new ModelUnreachableError(`package ${pointer.package}: expected it in the registry, found none`);
  const manifest = await readJson<Manifest>(context, found.preparation.manifest);
  const config = await readNamedJson<Parameters<typeof contractOf>[0]['config']>(found.config, context);
  const name = endpointName(context.jobPrefix, context.model, pointer.mode);
  return {
    release: pointer.release,
    contract: contractOf({ name: found.name, threshold: found.threshold, manifest, config }),
    invoke: async (body, contentType) => {
      const text = typeof body === 'string' ? body : new TextDecoder().decode(body);
      try {
        const answer = await endpoints.invoke(name, { contentType, body: text });
        return { status: 200, contentType, body: new TextEncoder().encode(answer) };
      } catch (error) {
        if (error instanceof EndpointError) throw new ModelUnreachableError(error.message);
        throw error;
      }
    },
  };
}
