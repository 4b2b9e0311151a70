import { rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { DescribeStateMachineCommand } from '@aws-sdk/client-sfn';
import { smokeModel } from '../../infra/identity/smoke-access.ts';
import { sfnClient } from '../../pipeline/aws/clients.ts';
import { requireDeployed } from '../../pipeline/backends/aws/deployed-context.ts';
import type { Progress } from '../../pipeline/backends/backend.ts';
import { deploymentOf } from '../../pipeline/config/environment.ts';
import { loadConfig, loadModels } from '../../pipeline/config/load.ts';
import { InputError, SetupError } from '../../pipeline/errors.ts';
import { formatSeconds, formatUsd } from '../../pipeline/format.ts';
import { CheckoutImages } from '../../pipeline/image/checkout-images.ts';
import type { PushedImage } from '../../pipeline/image/push-image.ts';
import { type Deployment, resourceNames } from '../../pipeline/names.ts';
import type { RunOutcome } from '../../pipeline/run/start/run.ts';
import { startRun } from '../../pipeline/run/start/start-run.ts';
import { type Cleaned, removeLeftovers } from './leftovers.ts';
import { priceOf } from './price.ts';
import { type Engine, writeProject } from './project.ts';

export interface SmokeOptions {
  environment?: string | undefined;
  /** The path of mlops.yaml. */
  config: string;
  /** Fails unless the environment is deployed with this engine. */
  engine?: Engine | undefined;
  /** Runs only if the price is at most this many US dollars; asks nobody. */
  most?: number | undefined;
  /** Runs at any price; asks nobody. */
  yes?: boolean | undefined;
  /** Only deletes what an earlier smoke test left. */
  clean?: boolean | undefined;
}

export interface Surroundings {
  signal: AbortSignal;
  say: (line: string) => void;
  onProgress: (progress: Progress) => void;
  /** Asks a person; false is no. */
  confirm: (question: string) => Promise<boolean>;
  /** @default builds with Docker and pushes, as `mlops image push` does */
  push?: typeof pushImages | undefined;
}

/** A line of the result. */
interface Check {
  ok: boolean;
  what: string;
  detail: string;
}

/**
 * Runs the sample model once through the deployed environment, as `mlops run --backend aws` does: images, prepare job on the
 * deployed engine, training, transform of the holdout, gate, registration; no promotion. Then deletes what it made, also
 * after a failure or a Ctrl-C. Returns whether all went well.
 */
export async function smoke(options: SmokeOptions, surroundings: Surroundings): Promise<boolean> {
  const { say } = surroundings;
  const models = await loadModels(options.config);
  const deployment = deploymentOf(models[0], options.environment);
  if (models.some(({ name }) => name === smokeModel))
    throw new InputError(
      `${options.config}: got a model of the name ${smokeModel}, expected another name: a smoke test deletes all that is called so`,
    );
  await requireDeployed(deployment);
  if (options.clean) return report([], await removeLeftovers(deployment, []), say);

  const engine = await deployedEngine(deployment, options);
  const file = await writeProject(options.config, deployment.environment, engine);
  try {
    const { config } = await loadConfig(file, { model: smokeModel });
    say(
      `One run of the sample model in ${deployment.environment} (account ${deployment.account}, ${deployment.region}), engine ${engine}.`,
    );
    const price = priceOf(config, deployment.region);
    say(price.text);
    if (!(await isAccepted(price.most, options, surroundings.confirm))) {
      say('Nothing was run.');
      return false;
    }
    return await runAndClean(file, deployment, engine, surroundings);
  } finally {
    await rm(dirname(file), { recursive: true, force: true });
  }
}

async function runAndClean(
  file: string,
  deployment: Deployment,
  engine: Engine,
  surroundings: Surroundings,
): Promise<boolean> {
  const { signal, say, push = pushImages } = surroundings;
  const images: PushedImage[] = [];
  const checks: Check[] = [];
  try {
    // A result of an earlier smoke test would be reused, and its job not run.
    await removeLeftovers(deployment, []);
    signal.throwIfAborted();
    for await (const image of push(file, deployment, surroundings)) images.push(image);
    const { length: pushed } = images.filter((image) => image.pushed);
    checks.push({
      ok: true,
      what: 'Images',
      detail: `${pushed} pushed, ${images.length - pushed} were there`,
    });
    signal.throwIfAborted();
    const outcome = await startRun(
      {
        backend: 'aws',
        environment: deployment.environment,
        model: smokeModel,
        mode: 'evaluate',
        promote: false,
        config: file,
        set: [],
        trigger: { kind: 'manual', reason: 'smoke test', actor: null },
      },
      {
        home: join(dirname(file), '.mlops'),
        // A name of its own: the same input again would be answered with the result of the run before.
        runId: `smoke-${Date.now().toString(36)}`,
        signal,
        onNote: say,
        onProgress: surroundings.onProgress,
      },
    );
    checks.push(...checksOf(outcome, engine));
  } catch (error) {
    const what = signal.aborted ? 'Stopped' : 'Failed';
    checks.push({ ok: false, what, detail: (error as Error).message });
  }
  say('Deleting what it made ...');
  const digests = images.filter(({ pushed }) => pushed).map(({ digest }) => digest);
  return report(checks, await removeLeftovers(deployment, digests), say);
}

/** The engine in the deployed document, which mlops.yaml may have left behind. */
async function deployedEngine(deployment: Deployment, { engine }: SmokeOptions): Promise<Engine> {
  const { arn } = resourceNames(deployment).machines.evaluate;
  const { definition = '' } = await sfnClient(deployment.region)
    .send(new DescribeStateMachineCommand({ stateMachineArn: arn }))
    .catch((error: Error) => {
      if (error.name !== 'StateMachineDoesNotExist') throw error;
      throw new SetupError(
        `${deployment.environment}: got no state machine, expected a deployed environment: npm run deploy -- --environment ${deployment.environment}`,
      );
    });
  const deployed: Engine = /:glue:startJobRun/.test(definition)
    ? 'glue'
    : /:ecs:runTask/.test(definition)
      ? 'fargate'
      : 'processing';
  if (engine === undefined || engine === deployed) return deployed;
  throw new SetupError(
    `--engine: got ${engine}, expected ${deployed}, with which ${deployment.environment} is deployed. An environment has one engine: ` +
      `to test ${engine}, set prepare.engine: ${engine} in mlops.yaml, then npm run bootstrap and npm run deploy`,
  );
}

async function isAccepted(
  price: number | null,
  { yes, most }: SmokeOptions,
  confirm: Surroundings['confirm'],
): Promise<boolean> {
  if (yes) return true;
  if (most === undefined) return await confirm('Run it?');
  if (price !== null && price <= most) return true;
  throw new InputError(
    `--most: got ${formatUsd(most)}, expected at least ${price === null ? 'a known price' : formatUsd(price)}, what the run may cost; nothing was run`,
  );
}

/** Builds and pushes the images to the environment's candidate repository, unless it has them. */
async function* pushImages(
  file: string,
  { environment }: Deployment,
  { signal, say }: Pick<Surroundings, 'signal' | 'say'>,
): AsyncIterable<PushedImage> {
  const { config, path } = await loadConfig(file, { model: smokeModel });
  const images = await CheckoutImages.of({ config, file: path, environment, to: 'candidate', signal });
  for (const name of images.names) yield await images.push(name, { onProgress: say });
}

/** What a run must have shown. */
function checksOf({ execution, record, report }: RunOutcome, engine: Engine): Check[] {
  const { state, status } = record;
  const { failure, verdict, cost } = report;
  const ran = (name: string): Check => {
    const step = report.steps.find((one) => one.name === name);
    return {
      ok: step !== undefined && !step.reused,
      what: name,
      detail:
        step === undefined ? 'did not run' : step.reused ? 'reused, not run' : formatSeconds(step.seconds),
    };
  };
  const { actual_usd: spent } = cost;
  return [
    {
      ok: status === 'succeeded',
      what: 'Execution',
      detail: failure
        ? `${failure.step} failed: ${failure.error}: ${failure.cause}`
        : `${execution} ${status}`,
    },
    ...['Plan', 'Prepare', 'Inspect', 'Train', 'Score candidate', 'Gate', 'Register'].map(ran),
    {
      ok: state.plan?.prepare.size.engine === engine,
      what: 'Engine',
      detail: state.plan?.prepare.size.engine ?? 'unknown',
    },
    {
      ok: verdict !== null && verdict.n > 0,
      what: 'Holdout',
      detail: verdict === null ? 'no verdict' : `${verdict.n} rows scored; the gate says ${verdict.outcome}`,
    },
    {
      ok: state.promotion === undefined,
      what: 'Promotion',
      detail: state.promotion === undefined ? 'none, as meant' : 'promoted, which an evaluate run must not',
    },
    { ok: true, what: 'Spent', detail: spent === null ? 'unknown' : formatUsd(spent) },
  ];
}

/** What stays whatever is deleted, because AWS deletes it itself, or never, and it costs nothing. */
const stays =
  'What stays: the execution for 90 days, the jobs in the lists of SageMaker, Glue or ECS, and their log streams.';

function report(checks: readonly Check[], cleaned: readonly Cleaned[], say: (line: string) => void): boolean {
  const rows: Check[] = [
    ...checks,
    ...cleaned.map(({ what, deleted, left }) => ({
      ok: left === undefined,
      what: `Clean-up: ${what}`,
      detail: left === undefined ? `${deleted} deleted` : `${deleted} deleted, some may be left: ${left}`,
    })),
  ];
  const width = Math.max(...rows.map(({ what }) => what.length));
  for (const { ok, what, detail } of rows) say(`${ok ? '✓' : '✗'} ${what.padEnd(width)}  ${detail}`);
  say(stays);
  return rows.every(({ ok }) => ok);
}
