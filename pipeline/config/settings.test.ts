import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';
import * as z from 'zod';
import { configSchema } from './schema.ts';
import { alternatives } from './schema-tree.ts';

/*
 * A setting that is accepted has an effect. Each is listed here with the code that acts on it, which must stand in
 * the sources as it stands here.
 * A hash of the whole config, a copy of it or a rule that only checks it is no such code.
 */
const readers: Record<string, string> = {
  'triggers.data_landed': 'triggers.data_landed ? [placeOf(',
  'triggers.scoring_landed': 'triggers.scoring_landed ? [placeOf(',
  'triggers.quiet': "{ quiet }: Config['triggers'],",
  'triggers.schedule': 'expression: scheduleExpression(schedule), timeZone',
  'triggers.time_zone': 'triggers: { schedule, time_zone: timeZone }',
  project: 'project: config.project',
  name: 'model: config.name,',
  problem: '{ problem: config.problem,',
  'data.source': "stageFiles('data.source', data.source, staging)",
  'data.format': 'format=_choice(document, "format"',
  'data.target': 'target=_text(document, "target")',
  'data.positive': 'positive=_optional_text(document, "positive")',
  'data.scoring': 'const { scoring: rows } = config.data;',
  'data.row_id': 'row_id=_optional_text(document, "row_id")',
  'data.exclude': 'exclude=_texts(document, "exclude")',
  'data.slices': 'slices=_texts(document, "slices")',
  'data.features_exclude': 'features_exclude=_texts(document, "features_exclude")',
  'data.sensitive': 'sensitive: data.sensitive ?? usualPrivacy.sensitive',
  'data.split.by': 'by: SplitBy = _choice(rule, "by"',
  'data.split.column': 'column=_text(rule, "column")',
  'data.split.embargo': 'embargo = rule.get("embargo", 0)',
  'data.split.source': "stageFiles('data.split.source', data.split.source, staging)",
  'data.holdout': 'holdout=_share(document, "holdout")',
  'data.columns': 'columns=_column_types(document)',
  'data.csv.delimiter': 'delimiter=_choice(source_csv, "delimiter"',
  'data.csv.encoding': 'encoding=_choice(source_csv, "encoding"',
  'data.csv.decimal': 'decimal=_choice(source_csv, "decimal"',
  'data.drop_missing_target': 'drop_missing_target=_flag(document, "drop_missing_target")',
  'model.context': 'await at(config.model.context)',
  'model.image': 'image: config.model.image',
  'model.content_type': 'content_type: ContentType = _choice(document, "content_type"',
  'model.csv.header': 'header=_flag(layout, "header")',
  'model.csv.target': 'target=_choice(layout, "target"',
  'model.channel': 'channel(model.channel,',
  'model.manifest_channel': 'channel(model.manifest_channel,',
  'model.output': 'outputColumns(manifest, model.output)',
  'model.extra': 'columns.length + model.extra.length',
  'model.intended_use': 'intended_use: config.model.intended_use',
  'model.limits': 'limits: config.model.limits',
  'prepare.engine': 'return first.prepare.engine;',
  'report.min_group': 'min_group: report?.min_group ?? usualPrivacy.min_group',
  'prepare.script': 'stageScript(config.prepare.script,',
  'prepare.instance.type': 'const { type, count, volume_gb } = instance;',
  'prepare.instance.count': 'const { type, count, volume_gb } = instance;',
  'prepare.instance.volume_gb': 'const { type, count, volume_gb } = instance;',
  'prepare.max_runtime': 'withStart(config.prepare.max_runtime)',
  'training.instance.type': 'InstanceType: type,',
  'training.instance.count': 'InstanceCount: count,',
  'training.instance.volume_gb': 'VolumeSizeInGB: volume_gb,',
  'training.max_runtime': 'MaxRuntimeInSeconds: max_runtime,',
  'training.spot': 'spot: config.training.spot,',
  'training.input_mode': 'input_mode: config.training.input_mode,',
  'training.hyperparameters': 'Object.entries(training.hyperparameters)',
  'training.metrics': 'metricDefinitions = ({ metrics }',
  'tuning.strategy': "hyperband: 'Hyperband' }[ tuning.strategy ]",
  'tuning.objective.metric': 'MetricName: tuning.objective.metric,',
  'tuning.objective.goal': "Type: tuning.objective.goal === 'maximize'",
  'tuning.max_jobs': 'MaxNumberOfTrainingJobs: tuning.max_jobs,',
  'tuning.parallel_jobs': 'MaxParallelTrainingJobs: tuning.parallel_jobs,',
  'tuning.warm_start': 'if (!tuning.warm_start) return',
  'tuning.guided.share_random': 'partsOf(max_jobs, guided.share_random)',
  'tuning.guided.good': 'guided.good * run.length',
  'tuning.guided.min_trials': 'trials < guided.min_trials',
  'tuning.ranges.NAME.min': 'MinValue: range.min',
  'tuning.ranges.NAME.max': 'MaxValue: range.max',
  'tuning.ranges.NAME.type': 'range.type !== type',
  'tuning.ranges.NAME.scale': '}[range.scale]',
  'gate.primary': '{ primary }: GatePolicy',
  'gate.confidence': 'championLevel({ reuse, champion, confidence }: GatePolicy',
  'gate.thresholds.METRIC.min': "(['min', 'max'] as const).filter((side) => limits?.[side]",
  'gate.thresholds.METRIC.max': "(['min', 'max'] as const).filter((side) => limits?.[side]",
  'gate.thresholds.METRIC.by': "limits!.by !== 'bound'",
  'gate.min_positives': 'whyTooFew(rows: Scores, { min_positives }: GatePolicy)',
  'gate.floor': 'if (!floor) return [];',
  'gate.champion.rule': "champion.rule !== 'superior'",
  'gate.champion.margin': 'resolveMargin(rule.margin,',
  'gate.anchor.package': '{ package: config.gate.anchor.package }',
  'gate.anchor.margin': '{ package: name, margin } = policy.anchor',
  'gate.costs.true_positive': "costs[flagged ? 'true_positive' : 'false_negative']",
  'gate.costs.false_negative': "costs[flagged ? 'true_positive' : 'false_negative']",
  'gate.costs.false_positive': "costs[flagged ? 'false_positive' : 'true_negative']",
  'gate.costs.true_negative': "costs[flagged ? 'false_positive' : 'true_negative']",
  'gate.min_change.absolute': 'limits.absolute ?? 0',
  'gate.min_change.relative': 'limits.relative ?? 0',
  'gate.slices.metric': 'policy.slices?.metric',
  'gate.slices.max_drop': 'resolveMargin(policy.slices.max_drop,',
  'gate.slices.min_positives': 'policy.slices?.min_positives',
  'gate.slices.inconclusive': "policy.slices?.inconclusive === 'report'",
  'gate.inconclusive': '{ inconclusive }: GatePolicy',
  'gate.reuse': "if (reuse === 'report'",
  'gate.enforce': 'enforced: policy.enforce,',
  'inference.instance.type': '{ InstanceType: instance.type, InstanceCount: instance.count }',
  'inference.instance.count': '{ InstanceType: instance.type, InstanceCount: instance.count }',
  'inference.batch.max_bad_rows': 'most_bad_rows: batch.max_bad_rows',
  'inference.batch.payload_mb': 'max_payload_mb: batch.payload_mb,',
  'inference.batch.strategy': "batch_strategy: batch.strategy === 'multi_record'",
  'inference.batch.concurrency': 'concurrency: batch.concurrency,',
  'inference.mode': 'mode: deployed.config.inference.mode,',
  'inference.strategy': '}[strategy];',
  'inference.canary.share': 'Math.ceil(count * share)',
  'inference.canary.bake': 'WaitIntervalInSeconds: canary.bake',
  'inference.canary.max_error_rate': 'inference.canary.max_error_rate',
  'inference.serverless.memory_mb': 'MemorySizeInMB: serverless.memory_mb,',
  'inference.serverless.max_concurrency': 'MaxConcurrency: serverless.max_concurrency,',
  'budget.max_run_usd': 'const limit = config.budget.max_run_usd;',
  'monitoring.truth': 'const truth = monitoring?.truth ?? null;',
  'monitoring.window': 'window: monitoring.window,',
  'monitoring.label_delay': '{ label_delay: delay }',
  'monitoring.schedule': 'expression: scheduleExpression(monitoring.schedule),',
  'monitoring.coverage': '{ at, least: settings.coverage }',
  'monitoring.drift.tolerance': 'judgeDrift(reference, summary, drift.tolerance, levels)',
  'monitoring.drift.false_alarms': '-(drift?.false_alarms ?? USUAL_FALSE_ALARMS)',
  'monitoring.decay.metric': "const metric = decay.metric ?? '';",
  'monitoring.decay.min': 'let value = decay.min ?? decay.max;',
  'monitoring.decay.max': 'let value = decay.min ?? decay.max;',
  'monitoring.decay.tolerance': 'interval[0] - decay.tolerance',
  'monitoring.decay.mean_labels_between_false_alarms':
    'const least = decay.mean_labels_between_false_alarms;',
  'monitoring.decay.cool_down': 'config.monitoring?.decay?.cool_down ?? 0',
  'triggers.decay': 'if (!config.triggers.decay) return',
  'notifications.email': 'emails: first.notifications.email,',
  'environments.NAME.account': 'account: settings.account,',
  'environments.NAME.region': 'region: settings.region }',
  'environments.NAME.approval': 'approval: settings.approval,',
  'environments.NAME.vpc.subnets': 'subnetIds: settings.vpc.subnets,',
  'environments.NAME.vpc.security_groups': 'securityGroupIds: settings.vpc.security_groups,',
  'environments.NAME.vpc.availability_zones': 'availabilityZone: settings.vpc.availability_zones[index],',
  'environments.NAME.kms_key': "Key.fromKeyArn(this, 'Key', settings.kms_key)",
  'environments.NAME.data_kms_keys': "allow(['kms:Decrypt'], data_kms_keys, {",
  'environments.NAME.pull_request_role': 'pull_request_role ?? !approval;',
  'environments.NAME.permissions_boundary': "'CompanyBoundary', settings.permissions_boundary)",
  'environments.NAME.repository_dispatch.repository':
    'const { repository, connection } = repository_dispatch;',
  'environments.NAME.repository_dispatch.connection':
    'const { repository, connection } = repository_dispatch;',
  'environments.NAME.network_isolation': 'security?.network_isolation && { EnableNetworkIsolation: true }',
  'environments.NAME.tags': '...settings.tags }',
};

/** The paths of all settings that are accepted; METRIC and NAME stand for any. */
function settingsOf(schema: unknown, path: readonly string[] = []): string[] {
  const inner = alternatives(schema).flatMap((one): string[] => {
    if (one instanceof z.ZodObject)
      return Object.entries(one.shape).flatMap(([key, field]) =>
        settingsOf(field, [...path, path.join('.') === 'gate.thresholds' ? 'METRIC' : key]),
      );
    if (!(one instanceof z.ZodRecord)) return [];
    const named = settingsOf(one.valueType, [...path, 'NAME']);
    return named.length > 1 ? named : [];
  });
  return inner.length > 0 ? [...new Set(inner)] : [path.join('.')];
}

const plain = (code: string) => code.replaceAll(/\s+/g, ' ');

/** The program's own sources, without comments; what only checks settings is left out. */
function sources(): string {
  const root = fileURLToPath(new URL('../../', import.meta.url));
  return ['actions', 'infra', 'pipeline']
    .flatMap((folder) =>
      readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
        .filter(
          (entry) => entry.isFile() && !/node_modules|\/(dist|tests|\.venv)(\/|$)/.test(entry.parentPath),
        )
        .filter(({ name }) => /\.(ts|py)$/.test(name) && !/\.(test|fixture|contract)\.ts$/.test(name))
        .map((entry) => join(entry.parentPath, entry.name)),
    )
    .filter((path) => !/config\/(schema|rules)\.ts$/.test(path))
    .map((path) => plain(readFileSync(path, 'utf8').replaceAll(/^\s*(\/\/|\*|\/\*|#).*$/gm, '')))
    .join('\n');
}

test('every setting that is accepted is listed with what acts on it', () => {
  expect(Object.keys(readers).sort()).toEqual(settingsOf(configSchema).sort());
});

test('what acts on a setting stands in the sources, and names it', () => {
  const text = sources();
  const unread = Object.entries(readers).filter(([path, code]) => {
    const key = path.split('.').at(-1);
    return !new RegExp(`\\b${key}\\b`).test(code) || !text.includes(plain(code));
  });
  expect(unread.map(([path]) => path)).toEqual([]);
});
