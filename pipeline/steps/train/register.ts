import type { Verdict } from '../../gate/verdict.ts';
import { canonicalJson, sha256 } from '../../hash.ts';
import { dataVersionOf, type Request } from '../../machines/request.ts';
import { packageKey } from '../../package-key.ts';
import {
  artifactsOf,
  folder,
  type Prepared,
  readJson,
  type StepContext,
  type TrainedModel,
} from '../context.ts';
import type { Evidence } from './evidence.ts';
import type { GateResult } from './gate.ts';
import { holdImage, holdPackage } from './hold-images.ts';
import type { Plan } from './state.ts';

export interface RegisterEvent {
  execution: string;
  request: Request;
  plan: Plan;
  prepared: Prepared;
  model: TrainedModel;
  gate: Pick<GateResult, 'outcome' | 'verdict' | 'evidence' | 'reference'>;
}

/**
 * Registers the candidate as a pending package, whatever the verdict, so that every judged model can be found. The same
 * artifact with the same settings and code gets the same package again. Other settings make another one: a package that an
 * evaluation registered never decides with which settings main serves the model.
 */
export async function register(
  event: RegisterEvent,
  context: StepContext,
): Promise<{ name: string; notes: string[] }> {
  const notes = await holdImages(event, context);
  return { name: await packageOf(event, context), notes };
}

/**
 * Holds what later runs need: the images of the candidate and of the prepare job, and those of the models that it was
 * compared with. A champion of before the images were held is so held too.
 */
async function holdImages({ request, plan }: RegisterEvent, context: StepContext): Promise<string[]> {
  const { model, prepare } = request.images;
  const others = [plan.champion.package, plan.anchor.package].filter((name) => name !== null);
  const notes = await Promise.all([
    holdImage(model, 'judged', context),
    holdImage(prepare, 'judged', context),
    ...others.map((name) => holdPackage(name, context)),
  ]);
  return [...new Set(notes.flat())];
}

async function packageOf(event: RegisterEvent, context: StepContext): Promise<string> {
  const { request, plan, prepared, model, gate } = event;
  const { artifact, hyperparameters } = model.trained;
  // Looks at production take their settings from main, so other ones make no other package.
  const config = canonicalJson({ ...request.config, monitoring: null });
  const configUri = `${artifactsOf(context, 'configs')}${sha256(config)}.json`;
  const { code } = request;
  const same = await context.registry.find(
    packageKey({
      fingerprint: plan.fingerprint,
      artifact,
      config: configUri,
      code,
      image: request.images.model,
    }),
  );
  if (same) return same.name;

  await context.storage.write(configUri, config);
  const verdict = await readJson<Verdict>(context, gate.verdict);
  const evidence = await readJson<Evidence>(context, gate.evidence);
  const { name } = await context.registry.register({
    fingerprint: plan.fingerprint,
    execution: event.execution,
    image: request.images.model,
    artifact,
    objects: model.trained.objects ?? [],
    hyperparameters,
    threshold: evidence.threshold,
    data: { source: request.data.source, version: dataVersionOf(request.data) },
    preparation: {
      key: plan.prepare.key,
      settings: plan.prepare.settings,
      script: request.script,
      manifest: `${folder(prepared.output)}manifest/manifest.json`,
    },
    config: configUri,
    code,
    verdict: gate.verdict,
    evidence: gate.evidence,
    reference: gate.reference,
    outcome: gate.outcome,
    metrics: Object.fromEntries(
      Object.entries(verdict.metrics).map(([metric, { candidate }]) => [metric, candidate]),
    ),
    created_at: context.clock.now().toISOString(),
  });
  return name;
}
