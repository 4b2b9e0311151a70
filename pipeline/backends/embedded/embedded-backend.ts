import { appendFileSync, mkdirSync } from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join, resolve } from 'node:path';
import { SetupError } from '../../errors.ts';
import { sha256 } from '../../hash.ts';
import { hashContext } from '../../image/context.ts';
import type { StateMachine } from '../../machines/asl.ts';
import { type MonitorResources, monitorMachine, monitorSteps } from '../../machines/monitor.ts';
import type { MonitorRequest } from '../../machines/monitor-request.ts';
import { type ReleaseResources, releaseMachine, releaseSteps } from '../../machines/release.ts';
import type { ReleaseRequest } from '../../machines/release-request.ts';
import type { Request } from '../../machines/request.ts';
import { type Resources, trainMachine, trainSteps } from '../../machines/train.ts';
import type { StepName } from '../../names.ts';
import { prepareContext } from '../../repository.ts';
import { artifactsOf, jobHash } from '../../steps/context.ts';
import { findingKind, type LookRecord } from '../../steps/monitor/records.ts';
import { currentId, type Deployed, deployedKind } from '../../steps/release/records.ts';
import { type ReleaseRecord, releaseKind } from '../../steps/release/release-record.ts';
import { freeLease } from '../../steps/train/lease.ts';
import { jobFolder } from '../../steps/train/plan.ts';
import { type RunRecord, runKind } from '../../steps/train/run-record.ts';
import { waitingReason } from '../../steps/train/waiting.ts';
import type {
  AnyRequest,
  Backend,
  ImageOptions,
  Progress,
  RunOptions,
  RunResult,
  StagedFile,
} from '../backend.ts';
import { functions } from '../functions.ts';
import { type EmbeddedContext, type EmbeddedState, embeddedContext } from './embedded-context.ts';
import { execute } from './engine/engine.ts';
import type { ExecutionEvent, ExecutionResult, TaskHandler } from './engine/execution.ts';
import { createPartitions } from './glue-catalog.ts';
import { ImageStore } from './images/image-store.ts';
import type { JobContext } from './jobs/context.ts';
import { EmbeddedSageMaker } from './jobs/embedded-sagemaker.ts';
import { embeddedEngine, prepareEngines } from './prepare-engines.ts';
import { freeAbandonedLease } from './state/abandoned-lease.ts';
import type { FileStorage } from './state/file-storage.ts';
import { unlessMissing } from './state/files.ts';
import { claimRun } from './state/run-owner.ts';
import { runStepOnThread } from './step-thread.ts';

const account = '000000000000';

/** ARNs of the functions, in the form of AWS's. */
const arns = Object.fromEntries(
  Object.keys(functions).map((name) => [name, `arn:aws:lambda:local:${account}:function:${name}`]),
) as Record<StepName, string>;

/** The train machine's names on this machine, in the form of AWS's names. */
export const embeddedResources: Resources = {
  partition: 'aws',
  functions: arns,
  jobRole: `arn:aws:iam::${account}:role/job`,
};

/** The release machine's names on this machine. */
export const embeddedReleaseResources: ReleaseResources = {
  partition: 'aws',
  functions: arns,
  jobRole: embeddedResources.jobRole,
  table: { database: 'mlops', name: 'predictions' },
};

/** The monitor machine's names on this machine. */
export const embeddedMonitorResources: MonitorResources = {
  partition: 'aws',
  functions: arns,
  jobRole: embeddedResources.jobRole,
};

/** A state machine to run, the states that the progress shows, and the image of the prepare program. */
interface Conducted {
  document: StateMachine;
  input: { request: AnyRequest };
  shown: readonly string[];
  prepare: string;
}

export interface EmbeddedOptions extends EmbeddedState {
  /** Called with one line for everything that is set up. */
  onSetup: (line: string) => void;
  /** Run `train` and `serve` in Docker instead of as processes. */
  containers?: boolean;
}

/** Runs the same state machine on this machine, with processes for jobs and files for services. */
export class EmbeddedBackend implements Backend {
  readonly name = 'embedded';
  readonly environment = null;
  readonly context: EmbeddedContext;
  readonly #home: string;
  readonly #state: EmbeddedState;
  readonly #storage: FileStorage;
  readonly #images: ImageStore;
  /** The same images; with `containers`, model images run in Docker. */
  readonly #models: ImageStore;
  readonly #sagemaker: EmbeddedSageMaker;

  constructor(options: EmbeddedOptions) {
    const { project, model, onSetup: onProgress, containers = false } = options;
    this.#home = resolve(options.home);
    this.#state = { home: this.#home, project, model };
    this.context = embeddedContext(this.#state, {
      invoke: (name, request) => this.#sagemaker.invokeEndpoint(name, request),
      // Nobody counts requests on this machine.
      traffic: async () => null,
    });
    this.#storage = this.context.storage;
    const images = join(this.#home, 'images');
    this.#images = new ImageStore(images, { onProgress });
    this.#models = containers ? new ImageStore(images, { onProgress, containers }) : this.#images;
    this.#sagemaker = new EmbeddedSageMaker({
      root: join(this.#home, 'jobs'),
      resolve: (uri) => this.#storage.path(uri),
      image: (uri) => (uri.startsWith(prepareName) ? this.#images : this.#models).open(uri),
      cores: availableParallelism(),
      now: () => this.context.clock.now(),
    });
  }

  async images({ context, image }: ImageOptions) {
    if (context === null && this.#models === this.#images) {
      throw new SetupError(`model.image: got ${image}, which runs only in Docker: add --containers`);
    }
    const prepare = await this.prepareImage();
    const model = context === null ? (image ?? '') : await this.#models.add(context, 'model');
    const { check, notes = [] } = await this.#models.open(model);
    // Before any job: a mistake in `serve` would otherwise show after the training.
    await check?.();
    const code = context === null ? [] : [...(await hashContext(context)).files];
    return { prepare, model, code, notes: [...notes] };
  }

  async prepareImage(): Promise<string> {
    const prepare = await this.#images.add(prepareContext, prepareName);
    // May install a Python environment, and prints progress.
    await this.#images.open(prepare);
    return prepare;
  }

  async stage(files: StagedFile[], prefix: string): Promise<void> {
    for (const file of files) {
      const uri = `${prefix}${file.name}`;
      await ('text' in file ? this.#storage.write(uri, file.text) : this.#storage.copyIn(file.path, uri));
    }
  }

  async executionName(): Promise<string> {
    return newExecutionName(this.context.clock.now());
  }

  async begin(): Promise<string> {
    throw new SetupError(
      'this machine: jobs end with the process that started them; expected to follow the run',
    );
  }

  linkOf(): null {
    return null;
  }

  /** Empty, because a job's error already contains them. */
  async logTail(): Promise<string[]> {
    return [];
  }

  async keep(record: RunRecord): Promise<void> {
    await this.context.ledger.put(runKind, record.execution, record);
  }

  async keepRelease(record: ReleaseRecord): Promise<void> {
    await this.context.ledger.put(releaseKind, record.release, record);
  }

  async keepLook(record: LookRecord): Promise<void> {
    await this.context.ledger.put(findingKind, record.look, record);
  }

  async run(request: Request, options: RunOptions): Promise<RunResult> {
    return await this.#conduct(
      {
        document: trainMachine({ ...embeddedResources, engine: embeddedEngine(request) }),
        input: { request },
        shown: trainSteps,
        prepare: request.images.prepare,
      },
      options,
    );
  }

  async release(request: ReleaseRequest, options: RunOptions): Promise<RunResult> {
    // Without it the machine's own Plan says what is missing.
    const { engine, prepare } = await this.#deployed();
    return await this.#conduct(
      {
        document: releaseMachine({ ...embeddedReleaseResources, ...engine }),
        input: { request },
        shown: releaseSteps,
        prepare,
      },
      options,
    );
  }

  async look(request: MonitorRequest, options: RunOptions): Promise<RunResult> {
    const { engine, prepare } = await this.#deployed();
    return await this.#conduct(
      {
        document: monitorMachine({ ...embeddedMonitorResources, ...engine }),
        input: { request },
        shown: monitorSteps,
        prepare,
      },
      options,
    );
  }

  /** The engine and the image of the prepare program of what was deployed last. */
  async #deployed(): Promise<{ engine: Pick<ReleaseResources, 'engine'>; prepare: string }> {
    const deployed = (await this.context.ledger.get<Deployed>(deployedKind, currentId))?.value;
    if (deployed === undefined) return { engine: {}, prepare: '' };
    return { engine: { engine: embeddedEngine(deployed) }, prepare: deployed.images.prepare };
  }

  /** Runs a state machine to its end. */
  async #conduct(
    { document, input, shown, prepare }: Conducted,
    { execution, signal, onProgress }: RunOptions,
  ): Promise<RunResult> {
    const folder = join(this.#home, 'runs', execution);
    mkdirSync(folder, { recursive: true });
    const times: RunResult['steps'] = [];
    const waiting = new Map<string, { reason: string; since: string }>();
    const onEvent = (event: ExecutionEvent) => {
      // Write synchronously, so that every event is on disk even if the process is killed right after it.
      // A state's output, which repeats the whole state so far, is in the run's record.
      const told = event.type === 'StateExited' ? { ...event, result: undefined } : event;
      appendFileSync(join(folder, 'events.jsonl'), `${JSON.stringify(told)}\n`);
      const { state, seconds = 0 } = event;
      const reason = waitingReason(event.error, event.cause);
      if (state !== undefined && event.type === 'TaskFailed' && reason !== null) {
        const { reason: before, since = event.at } = waiting.get(state) ?? {};
        waiting.set(state, { reason, since });
        if (reason !== before) onProgress({ kind: 'waiting', state, reason, since });
        return;
      }
      if (state === undefined || !shown.includes(state)) return;
      if (event.type === 'TaskStarted' && !waiting.has(state))
        onProgress({ kind: 'started', state, seconds });
      if (event.type === 'TaskSucceeded') {
        times.push({ name: state, seconds });
        onProgress({ kind: 'succeeded', state, seconds });
      }
      if (['TaskFailed', 'TaskTimedOut', 'TaskAborted'].includes(event.type)) {
        onProgress({ kind: 'failed', state, seconds });
      }
    };
    const release = claimRun(folder);
    const context = { Execution: { StartTime: this.context.clock.now().toISOString() } };
    const options = {
      name: execution,
      handlers: this.#handlers(prepare, onProgress),
      signal,
      onEvent,
      context,
    };
    const executed = execute(document, input, options);
    const result = await orAborted(executed, signal, longestStop).finally(release);
    // The machine frees it at its end, but not if it was stopped.
    await freeLease({ execution }, this.context);
    switch (result.status) {
      case 'SUCCEEDED':
        await this.#removeJobOutput(execution);
        return { status: 'succeeded', steps: times, error: null };
      case 'ABORTED':
        return { status: 'cancelled', steps: times, error: null };
      case 'TIMED_OUT':
        return {
          status: 'failed',
          steps: times,
          error: { name: 'States.Timeout', cause: 'the run took too long' },
        };
      case 'FAILED':
        return { status: 'failed', steps: times, error: { name: result.error, cause: result.cause } };
    }
  }

  /** Removes what the run's jobs wrote and no step kept, such as the models of trials that were not chosen. */
  async #removeJobOutput(execution: string): Promise<void> {
    const folder = this.#storage.path(artifactsOf(this.context, jobFolder(null)));
    const own = `${this.context.jobPrefix}-${jobHash(execution, this.context)}`;
    for (const name of (await unlessMissing(readdir(folder))) ?? [])
      if (name.startsWith(own)) await rm(join(folder, name), { recursive: true, force: true });
  }

  /** One handler per service integration, with the same parameters that AWS would get. */
  #handlers(prepare: string, onProgress: (progress: Progress) => void): Record<string, TaskHandler> {
    const called = Object.fromEntries(
      Object.entries(functions).map(([name, step]) => [arns[name as StepName], step]),
    );
    const job = (run: (parameters: never, context: JobContext) => Promise<unknown>): TaskHandler => {
      return (parameters, { state, signal }) =>
        run(parameters as never, {
          signal,
          progress: (update) => onProgress({ ...update, state }),
        });
    };
    const sagemaker = this.#sagemaker;
    return {
      'arn:aws:states:::lambda:invoke': async (parameters, { signal }) => {
        const { FunctionName, Payload } = parameters as {
          FunctionName: string;
          Payload: { model_name: string; execution: string };
        };
        const step = called[FunctionName];
        if (step === undefined) throw new Error(`${FunctionName}: no such function`);
        // A function of AWS learns of its model from here alone.
        if (Payload.model_name !== this.context.model)
          throw new Error(`${FunctionName}: got model ${Payload.model_name}, expected ${this.context.model}`);
        // Each time, because the holder may be killed while this run waits for it.
        if (step === functions.lease) await freeAbandonedLease(this.#home, Payload.execution, this.context);
        const result =
          step === functions.gate
            ? await runStepOnThread({ name: 'gate', event: Payload, state: this.#state }, signal)
            : await step(Payload as never, this.context);
        return { StatusCode: 200, Payload: result };
      },
      ...prepareEngines({
        image: prepare,
        storage: this.#storage,
        process: (parameters, signal) =>
          sagemaker.createProcessingJob(parameters, { signal, progress: () => {} }),
      }),
      'arn:aws:states:::sagemaker:createProcessingJob.sync': job((p, c) =>
        sagemaker.createProcessingJob(p, c),
      ),
      'arn:aws:states:::sagemaker:createTrainingJob.sync': job((p, c) => sagemaker.createTrainingJob(p, c)),
      'arn:aws:states:::sagemaker:createHyperParameterTuningJob.sync': job((p, c) =>
        sagemaker.createHyperParameterTuningJob(p, c),
      ),
      'arn:aws:states:::aws-sdk:sagemaker:describeTrainingJob': job((p) => sagemaker.describeTrainingJob(p)),
      'arn:aws:states:::sagemaker:createModel': job((p) => sagemaker.createModel(p)),
      'arn:aws:states:::aws-sdk:sagemaker:deleteModel': job((p) => sagemaker.deleteModel(p)),
      'arn:aws:states:::sagemaker:createEndpointConfig': job((p) => sagemaker.createEndpointConfig(p)),
      'arn:aws:states:::sagemaker:createEndpoint': job((p, c) => sagemaker.createEndpoint(p, c)),
      'arn:aws:states:::sagemaker:updateEndpoint': job((p, c) => sagemaker.updateEndpoint(p, c)),
      'arn:aws:states:::aws-sdk:sagemaker:describeEndpoint': job((p) => sagemaker.describeEndpoint(p)),
      'arn:aws:states:::aws-sdk:sagemaker:deleteEndpoint': job((p) => sagemaker.deleteEndpoint(p)),
      'arn:aws:states:::aws-sdk:sagemaker:deleteEndpointConfig': job((p) =>
        sagemaker.deleteEndpointConfig(p),
      ),
      'arn:aws:states:::aws-sdk:glue:batchCreatePartition': (parameters) =>
        createPartitions(parameters, this.context),
      'arn:aws:states:::sagemaker:createTransformJob.sync': job((p, c) => sagemaker.createTransformJob(p, c)),
    };
  }
}

const prepareName = 'prepare';

/**
 * Seconds after Ctrl-C until the run counts as stopped, whatever still goes on: a job's processes are killed before. The
 * lease's number keeps what goes on from promoting, and this process ends soon.
 */
const longestStop = 1.1;

async function orAborted(
  executed: Promise<ExecutionResult>,
  signal: AbortSignal,
  seconds: number,
): Promise<ExecutionResult> {
  const ended = new AbortController();
  const late = new Promise<ExecutionResult>((resolve) => {
    const stop = () => setTimeout(() => resolve({ status: 'ABORTED' }), seconds * 1000).unref();
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop, { signal: ended.signal });
  });
  try {
    return await Promise.race([executed, late]);
  } finally {
    ended.abort();
  }
}

/** A unique name for an execution that sorts by time. */
function newExecutionName(now: Date): string {
  const time = now.toISOString().replace(/[-:.]/g, '').slice(0, 18);
  return `${time}-${sha256(`${now.getTime()} ${process.pid} ${Math.random()}`).slice(0, 6)}`;
}
