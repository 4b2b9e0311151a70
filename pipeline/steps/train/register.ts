import { basename } from 'node:path/posix';
import type { Verdict } from '../../gate/verdict.ts';
import { canonicalJson, sha256 } from '../../hash.ts';
import type { Request } from '../../machines/request.ts';
import {
  artifactsOf,
  folder,
  type Prepared,
  readJson,
  type StepContext,
  type TrainedModel,
} from '../context.ts';
import type { Evidence } from './evidence.ts';
import type { Plan } from './state.ts';

export interface RegisterEvent {
  execution: string;
  request: Request;
  plan: Plan;
  prepared: Prepared;
  model: TrainedModel;
  gate: { outcome: string; verdict: string; evidence: string };
}

/**
 * Registers the candidate as a pending package, whatever the verdict, so that every judged model can be found. The same
 * artifact with the same settings and code gets the same package again. Other settings make another one: a package that an
 * evaluation registered never decides with which settings main serves the model.
 */
export async function register(event: RegisterEvent, context: StepContext): Promise<{ name: string }> {
  const { request, plan, prepared, model, gate } = event;
  const { artifact, hyperparameters } = model.trained;
  const config = canonicalJson(request.config);
  const configUri = `${artifactsOf(context, 'configs')}${sha256(config)}.json`;
  const packages = await context.registry.list();
  const same = packages.find(
    (item) =>
      item.fingerprint === plan.fingerprint &&
      item.artifact === artifact &&
      item.config === configUri &&
      basename(item.code) === basename(request.code),
  );
  if (same) return { name: same.name };

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
    data: { source: request.data.source, version: request.data.version },
    preparation: {
      key: plan.prepare.key,
      settings: plan.prepare.settings,
      script: request.script,
      manifest: `${folder(prepared.output)}manifest/manifest.json`,
    },
    config: configUri,
    code: request.code,
    verdict: gate.verdict,
    evidence: gate.evidence,
    outcome: gate.outcome,
    metrics: Object.fromEntries(
      Object.entries(verdict.metrics).map(([metric, { candidate }]) => [metric, candidate]),
    ),
    created_at: context.clock.now().toISOString(),
  });
  return { name };
}
