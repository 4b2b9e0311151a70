import { deploymentSteps, longestDeployment } from '../../config/deployment-steps.ts';
import type { Config } from '../../config/schema.ts';
import { sha256Json } from '../../hash.ts';
import { endpointName, variantName } from '../../names.ts';
import type { ModelPackage } from '../../ports.ts';
import type { StepContext } from '../context.ts';
import { digestOf } from '../train/plan.ts';
import type { Pointer } from './records.ts';
import { type ReleaseRecord, releaseKind } from './release-record.ts';
import type { EndpointPlan } from './state.ts';

interface EndpointPlanOptions {
  found: ModelPackage;
  config: Config;
  pointer: Pointer | null;
  execution: string;
  /** What the state machine adds to a model: role, network, isolation, key. */
  demands: object;
}

/** Plans the update of the model's endpoint to a package. */
export async function planEndpoint(
  { found, config, pointer, execution, demands }: EndpointPlanOptions,
  context: StepContext,
): Promise<EndpointPlan> {
  const { inference } = config;
  const { instance, serverless } = inference;
  const isServerless = inference.mode === 'serverless';
  const name = endpointName(context.jobPrefix, context.model, isServerless ? 'serverless' : 'endpoint');
  // With two hashes, of ten and eight digits, a config's name has at most 62 of 63 characters.
  const model = `${context.jobPrefix}-${context.model}-${hash(10, {
    artifact: found.objects?.map(({ sha256 }) => sha256) ?? found.artifact,
    uri: found.artifact,
    image: found.image,
    digest: digestOf(found.image),
    demands,
  })}`;
  const size = isServerless
    ? {
        ServerlessConfig: {
          MemorySizeInMB: serverless.memory_mb,
          MaxConcurrency: serverless.max_concurrency,
        },
      }
    : { InstanceType: instance.type, InitialInstanceCount: instance.count };
  const variants = [{ VariantName: variantName, ModelName: model, InitialVariantWeight: 1, ...size }];
  const own = `${model}-${hash(8, { variants, demands })}`;
  const current = pointer && (await servedBy(pointer.execution, context));
  const older = pointer?.previous && (await servedBy(pointer.previous.release, context));
  const isThere =
    pointer?.package === found.name && pointer.mode === inference.mode && current?.config === own;
  return {
    name,
    model,
    config: own,
    image: found.image,
    artifact: found.artifact,
    serverless: isServerless,
    variants,
    // One instance has nothing to move in steps, and its alarms would judge no two models side by side.
    guarded: !isServerless && instance.count > 1,
    policy: bluegreen(inference),
    poll_seconds: pollSeconds(inference, context),
    attempt: { n: 1, wait: 0 },
    // Another mode has another endpoint, with a config of its own.
    before: current?.name === name ? current.config : '',
    retire:
      isThere || older?.name !== name
        ? noneRetired
        : retired(older, [own, current?.config], [model, current?.model]),
    delivered: { release: isThere ? pointer.release : execution, rows: 0, output: '', objects: [] },
  };
}

const hash = (length: number, value: object) => sha256Json(value).slice(0, length);

/** The model and config that a release put on the endpoint; null if it was a batch. */
async function servedBy(execution: string, { ledger }: StepContext): Promise<EndpointPlan | null> {
  const plan = (await ledger.get<ReleaseRecord>(releaseKind, execution))?.value.state.plan;
  return plan === undefined || plan.mode === 'batch' ? null : plan.endpoint;
}

/** What no config or model in use names any more. */
function retired(
  older: EndpointPlan,
  configs: (string | undefined)[],
  models: (string | undefined)[],
): EndpointPlan['retire'] {
  if (configs.includes(older.config)) return noneRetired;
  const { config, model } = older;
  return { needed: true, config, model, with_model: !models.includes(model) };
}

const noneRetired = { needed: false, config: 'none', model: 'none', with_model: false };

/** The BlueGreenUpdatePolicy of an update. */
function bluegreen(inference: Config['inference']): object {
  const { strategy, canary } = inference;
  // By instances, since a share of few of them is no whole number.
  const size = { Type: 'INSTANCE_COUNT', Value: deploymentSteps(inference).instances };
  const routing = {
    all_at_once: { Type: 'ALL_AT_ONCE', WaitIntervalInSeconds: 0 },
    canary: { Type: 'CANARY', CanarySize: size, WaitIntervalInSeconds: canary.bake },
    linear: { Type: 'LINEAR', LinearStepSize: size, WaitIntervalInSeconds: canary.bake },
  }[strategy];
  return {
    TrafficRoutingConfiguration: routing,
    TerminationWaitInSeconds: canary.bake,
    MaximumExecutionTimeoutInSeconds: longestDeployment,
  };
}

/**
 * An execution of Step Functions has at most 25,000 events and a look has some ten: a deployment of eight hours is looked at
 * each minute.
 */
function pollSeconds({ strategy }: Config['inference'], { region }: StepContext): number {
  if (region === null) return 1;
  return strategy === 'all_at_once' ? 15 : 60;
}

/** A sentence if readers had another endpoint, or one at all, until now: it may cost money. */
export function endpointLeft(
  pointer: Pointer | null,
  mode: Config['inference']['mode'],
  { jobPrefix, model }: Pick<StepContext, 'jobPrefix' | 'model'>,
): string[] {
  if (pointer === null || pointer.mode === 'batch' || pointer.mode === mode) return [];
  const name = endpointName(jobPrefix, model, pointer.mode);
  return [
    `The endpoint ${name} of the release before still answers, with its own model, so that nobody who asks it is cut off; delete it when nobody does.`,
  ];
}

/** The plan of a release that is a batch. */
export const noEndpoint: EndpointPlan = {
  name: 'none',
  model: 'none',
  config: 'none',
  image: 'none',
  artifact: 'none',
  serverless: false,
  variants: [],
  guarded: false,
  policy: {},
  poll_seconds: 1,
  attempt: { n: 1, wait: 0 },
  before: '',
  retire: noneRetired,
  delivered: { release: 'none', rows: 0, output: '', objects: [] },
};
