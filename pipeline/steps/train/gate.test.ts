import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { temporaryFolder } from '../../backends/embedded/images/python-context.fixture.ts';
import { pack } from '../../backends/embedded/jobs/archive.ts';
import type { Verdict } from '../../gate/verdict.ts';
import { readJson, readManifest } from '../context.ts';
import type { Evidence } from './evidence.ts';
import { FakeSageMaker, payloadOf, type Run, requestOf } from './fake-sagemaker.fixture.ts';
import { type GateEvent, type GateResult, gate } from './gate.ts';
import type { CountedLook, Look } from './looks.ts';

const eventOf = (run: Run) => payloadOf<GateEvent>(run, 'Gate');

const verdictOf = (result: GateResult, world: FakeSageMaker) =>
  readJson<Verdict>(world.context, result.verdict);
const evidenceOf = (result: GateResult, world: FakeSageMaker) =>
  readJson<Evidence>(world.context, result.evidence);

/** A world whose champion is the model of image 1, and an evaluation of the model of image 2. */
async function challenged(settings = '') {
  const world = new FakeSageMaker();
  await world.run(await requestOf(world, settings));
  const images = { model: 'model@sha256:2', prepare: 'prepare@sha256:1' };
  const run = await world.run(await requestOf(world, settings, { images, mode: 'evaluate', promote: false }));
  expect(run.result.status).toBe('SUCCEEDED');
  return { world, event: eventOf(run) };
}

describe('looks at the holdout', () => {
  test('the same comparison gives the stored verdict and counts nothing', async () => {
    const { world, event } = await challenged();
    const first = await gate(event, world.context);
    const again = await gate({ ...event, execution: 'a-later-run' }, world.context);
    const verdict = await verdictOf(first, world);
    expect(verdict.holdout_uses).toBe(2);
    expect(await verdictOf(again, world)).toEqual(verdict);
    expect(again.verdict).not.toBe(first.verdict);
    expect((await evidenceOf(again, world)).notes).toContainEqual(
      expect.stringContaining('made the same comparison; this run repeats its verdict.'),
    );
  });

  test('a look that was only counted counts once, and gets its verdict when it is made here', async () => {
    const { world, event } = await challenged();
    const first = await verdictOf(await gate(event, world.context), world);
    const strict = structuredClone(event);
    strict.request.config.gate.confidence = 0.99;
    const third = await verdictOf(await gate(strict, world.context), world);
    const { ledger } = world.context;
    const { holdout_sha256 } = await readManifest(world.context, event.prepared);
    // As count-looks writes what a pull request's run did elsewhere.
    await ledger.put<CountedLook>(`look-${holdout_sha256}`, 'f'.repeat(64), { counted: 'run 1' });
    for (const { id, version, value } of await ledger.list<Look>(`look-${holdout_sha256}`))
      if (value.verdict?.confidence === 0.99)
        await ledger.putIf(`look-${holdout_sha256}`, id, { counted: 'run 2' }, version);
    const again = await verdictOf(await gate(strict, world.context), world);
    expect([first, third, again].map(({ holdout_uses }) => holdout_uses)).toEqual([2, 3, 4]);
    expect((await evidenceOf(await gate(strict, world.context), world)).notes).toContainEqual(
      expect.stringContaining('made the same comparison'),
    );
  });

  test('another policy, model or champion is another look', async () => {
    const { world, event } = await challenged();
    const strict = structuredClone(event);
    strict.request.config.gate.confidence = 0.99;
    expect(await verdictOf(await gate(strict, world.context), world)).toMatchObject({
      holdout_uses: 3,
      confidence: 0.99,
    });
    const other = structuredClone(event);
    other.plan.fingerprint = 'another';
    expect((await verdictOf(await gate(other, world.context), world)).holdout_uses).toBe(4);
    const alone = structuredClone(event);
    alone.scoring.champion.package = null;
    alone.scores.champion = {};
    expect((await verdictOf(await gate(alone, world.context), world)).holdout_uses).toBe(5);
    // All of them again: nothing is counted.
    for (const known of [event, strict, other, alone]) await gate(known, world.context);
    const more = structuredClone(event);
    more.request.config.gate.confidence = 0.9;
    expect((await verdictOf(await gate(more, world.context), world)).holdout_uses).toBe(6);
  });
});

test('the score file is kept with the run, as `mlops gate` reads it', async () => {
  const { world, event } = await challenged();
  const folder = dirname((await gate(event, world.context)).verdict.replace('s3://', ''));
  for (const who of ['candidate', 'champion']) {
    const text = new TextDecoder().decode(await world.context.storage.read(`s3://${folder}/${who}.csv`));
    expect(text.split('\n').slice(0, 2)).toEqual([
      'row_id,label,score',
      expect.stringMatching(/^r0,0,0\.\d{6}$/),
    ]);
    expect(text.trim().split('\n')).toHaveLength(61);
  }
});

test.each([
  ['promote', 1, true, true],
  ['reject', -1, true, false],
  ['reject', -1, false, true],
] as const)('%s with skill %d, enforced %s: promotable %s', async (outcome, skill, enforce, promotable) => {
  const world = new FakeSageMaker();
  world.skill.set('model@sha256:1', skill);
  const run = await world.run(await requestOf(world, `gate: { enforce: ${enforce} }`, { promote: false }));
  const result = await gate(eventOf(run), world.context);
  expect(result).toMatchObject({ outcome, promotable, reason: expect.any(String) });
  expect(await verdictOf(result, world)).toMatchObject({ outcome, enforced: enforce, reason: result.reason });
});

test("a champion's own view of the holdout: its file, its content type, the rows that both score", async () => {
  const { world, event } = await challenged();
  const { storage } = world.context;
  const text = async (uri: string) => new TextDecoder().decode(await storage.read(uri));
  const manifest = JSON.parse(await text(`${event.prepared.output}manifest/manifest.json`));
  const rows = (await text(`${event.scores.champion.output}holdout.csv.out`)).trim().split('\n').slice(0, 50);
  const joined = rows.map((row) => {
    const [row_id, label, score] = row.split(',');
    return JSON.stringify({ row_id, label: Number(label), slices: {}, SageMakerOutput: Number(score) });
  });
  const output = 's3://mlops/small/prepared/view/';
  await storage.write(`${output}holdout.jsonl.out`, `${joined.join('\n')}\n`);
  const view = { rows: 50, holdout_rows: 60, trained_on: 8, dropped: 2, other_label: 0 };
  const files = { holdout: { ...manifest.files.holdout, path: 'holdout/holdout.jsonl' } };
  const viewed = { ...manifest, content_type: 'application/jsonlines', files, view };
  await storage.write(`${output}manifest/manifest.json`, JSON.stringify(viewed));
  Object.assign(event.scoring.champion.view, { exists: true, key: 'view', output });
  Object.assign(event.scores.champion, { output });

  const result = await gate(event, world.context);
  expect((await verdictOf(result, world)).n).toBe(50);
  expect((await evidenceOf(result, world)).notes).toContainEqual(
    expect.stringMatching(/small\/1 has a different preparation: 50 of the holdout's 60 rows/),
  );
});

describe('fails closed', () => {
  test.each([
    ['nan', 'ScoreFileError', /line 9, column score: got "nan"/],
    ['NaN', 'ScoreFileError', /line 9, column score: got "NaN"/],
    ['', 'ScoreFileError', /line 9, column score/],
    ['-0.1', 'ScoreFileError', /line 9, column score: got "-0.1"/],
    ['1.0001', 'ScoreFileError', /line 9, column score/],
    ['inf', 'ScoreFileError', /line 9, column score/],
    ['error: bad record', 'ScoreFileError', /line 9, column score: got "error: bad record"/],
    ['0.5,0.5', 'ModelOutputError', /line 8 of the model's answers: got 2 columns/],
  ])('where the model answers %j for a row', async (answer, name, message) => {
    const world = new FakeSageMaker();
    world.answer = (row, score) => (row.id === 'r7' ? answer : score.toFixed(6));
    const { result } = await world.run(await requestOf(world));
    expect(result).toMatchObject({ status: 'FAILED', error: name });
    expect(JSON.parse((result as { cause: string }).cause).errorMessage).toMatch(message);
    expect(await world.context.ledger.get('champion', 'current')).toBeNull();
    expect(await world.context.registry.list()).toEqual([]);
  });

  test('where scores are not the ones that were recorded', async () => {
    const { world, event } = await challenged();
    const uri = `${event.scores.champion.output}holdout.csv.out`;
    const text = new TextDecoder().decode(await world.context.storage.read(uri));
    await world.context.storage.write(uri, text.replace('0', '1'));
    await expect(
      gate({ ...event, plan: { ...event.plan, fingerprint: 'new' } }, world.context),
    ).rejects.toThrow(`${uri}: got content with the sha256`);
  });

  test('where the champion scored other rows', async () => {
    const { world, event } = await challenged();
    const uri = `${event.scores.champion.output}holdout.csv.out`;
    const text = new TextDecoder().decode(await world.context.storage.read(uri));
    const { storage } = world.context;
    /** The gate of scores that hold this text, recorded as such. */
    const gateOf = async (scored: string) => {
      await storage.write(uri, scored);
      const champion = {
        ...event.scores.champion,
        objects: [await storage.describe(uri)].filter((it) => it !== null),
      };
      const scores = { ...event.scores, champion };
      return gate({ ...event, scores, plan: { ...event.plan, fingerprint: 'new' } }, world.context);
    };
    await expect(gateOf(text.replace('r7,', 'x7,'))).rejects.toThrow(/x7|r7/);
    await expect(gateOf(text.replace('r7,1', 'r7,0'))).rejects.toThrow(
      /champion\.csv: line 9, column label: got "0", expected "1"/,
    );
  });

  test("where the champion's package or scores are gone", async () => {
    const { world, event } = await challenged();
    const lost = structuredClone(event);
    lost.scoring.champion.package = 'small/9';
    await expect(gate(lost, world.context)).rejects.toThrow('champion small/9');
    await expect(
      gate({ ...event, scores: { ...event.scores, champion: {} } }, world.context),
    ).rejects.toThrow('champion small/1');
  });
});

describe("the model's own report", () => {
  async function reported(text: string) {
    const world = new FakeSageMaker();
    const event = eventOf(await world.run(await requestOf(world)));
    const folder = temporaryFolder();
    mkdirSync(join(folder, 'data'));
    writeFileSync(join(folder, 'data/report.json'), text);
    await pack(join(folder, 'data'), join(folder, 'output.tar.gz'));
    const archive = event.model.trained.artifact.replace('model.tar.gz', 'output.tar.gz');
    await world.context.storage.write(archive, readFileSync(join(folder, 'output.tar.gz')));
    // Another look, so that no stored verdict answers.
    return { world, event: { ...event, plan: { ...event.plan, fingerprint: 'new' } } };
  }

  test('its threshold decides what is positive, its explanation is shown', async () => {
    const explanation = { kind: 'coefficients', unit: 'log-odds', features: [{ name: 'x', value: 1 }] };
    const at = async (threshold: number | null) => {
      const { world, event } = await reported(JSON.stringify({ threshold, explanation }));
      const result = await gate(event, world.context);
      const evidence = await evidenceOf(result, world);
      expect(evidence.explanation).toEqual(explanation);
      return { threshold: evidence.threshold, metrics: (await verdictOf(result, world)).metrics };
    };
    const [low, none] = [await at(0), await at(null)];
    expect([low.threshold, none.threshold]).toEqual([0, 0.5]);
    expect(low.metrics).toMatchObject({ recall: { candidate: 1 }, precision: { candidate: 0.5 } });
    expect(low.metrics.roc_auc).toEqual(none.metrics.roc_auc);
  });

  test('a threshold that is no number fails the run', async () => {
    const { world, event } = await reported('{"threshold": "high"}');
    await expect(gate(event, world.context)).rejects.toThrow(
      'report.json of the model: threshold: got "high", expected a number',
    );
  });

  test.each(['{"threshold": ', '[]', 'null', '{"explanation": {"kind": "x"}}', '{"explanation": "because"}'])(
    'what is not understood of %s is left out, and the report says so',
    async (text) => {
      const { world, event } = await reported(text);
      const evidence = await evidenceOf(await gate(event, world.context), world);
      expect(evidence.explanation).toBeNull();
      expect(evidence.notes).toContainEqual(
        expect.stringContaining("The model's report.json was left out: got "),
      );
    },
  );

  test('its warnings are notes, a few lines of text at most', async () => {
    const warnings = [
      'a typo:\n C',
      7,
      'x'.repeat(400),
      ...Array.from({ length: 20 }, (_, at) => `number ${at}`),
    ];
    const { world, event } = await reported(JSON.stringify({ warnings, explanation: 'because' }));
    const { notes } = await evidenceOf(await gate(event, world.context), world);
    expect(notes.slice(0, 3)).toEqual(['a typo: C', 'x'.repeat(300), 'number 0']);
    expect(notes).toHaveLength(11);
    expect(notes[10]).toContain("The model's report.json was left out");
  });

  test('a report.json of another kind is nothing to us', async () => {
    const { world, event } = await reported('{"accuracy": 0.9}');
    expect((await evidenceOf(await gate(event, world.context), world)).notes).toEqual([]);
  });
});
