import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { sample } from '../../fixtures/sample.fixture.ts';
import { ConfigError } from '../errors.ts';
import { checkData } from '../tables/data-contract.ts';
import { loadConfig, parseConfig } from './load.ts';

const minimal = (problem = 'binary') =>
  `project: demo\nproblem: ${problem}\ndata:\n  source: x.csv\n  target: y\n`;

function problemsOf(run: () => unknown): ConfigError['problems'] {
  try {
    run();
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}

describe('defaults', () => {
  test('fill in all that five lines leave out', () => {
    expect(parseConfig(minimal())).toEqual({
      project: 'demo',
      problem: 'binary',
      data: {
        source: 'x.csv',
        format: 'csv',
        target: 'y',
        positive: null,
        row_id: null,
        columns: {},
        csv: { delimiter: 'auto', encoding: 'utf-8', decimal: '.' },
        drop_missing_target: false,
        exclude: [],
        slices: [],
        features_exclude: [],
        sensitive: [],
        holdout: 0.2,
        split: { by: 'hash' },
        scoring: null,
      },
      model: {
        context: 'model',
        image: null,
        content_type: 'text/csv',
        csv: { header: false, target: 'first' },
        channel: 'train',
        intended_use: null,
        limits: [],
        manifest_channel: null,
        output: 'probability',
        extra: [],
      },
      prepare: {
        engine: 'processing',
        script: null,
        instance: { type: 'ml.m5.large', count: 1, volume_gb: 30 },
        max_runtime: 3600,
      },
      training: {
        instance: { type: 'ml.m5.large', count: 1, volume_gb: 30 },
        max_runtime: 3600,
        spot: false,
        input_mode: 'File',
        hyperparameters: {},
        metrics: {},
      },
      tuning: null,
      gate: {
        primary: 'roc_auc',
        confidence: 0.95,
        costs: null,
        thresholds: {},
        min_positives: 20,
        floor: true,
        champion: { rule: 'non_inferior', margin: 0.03 },
        anchor: { package: null, margin: 0.05 },
        min_change: null,
        slices: { metric: 'roc_auc', max_drop: 0.1, min_positives: 20, inconclusive: 'report' },
        inconclusive: 'hold',
        reuse: 'report',
        enforce: true,
      },
      inference: {
        mode: 'batch',
        instance: { type: 'ml.m5.large', count: 1 },
        strategy: 'all_at_once',
        canary: { share: 0.1, bake: 600, max_error_rate: 0.01 },
        serverless: { memory_mb: 2048, max_concurrency: 5 },
        batch: { payload_mb: 4, strategy: 'multi_record', concurrency: 0, max_bad_rows: 0.001 },
      },
      monitoring: null,
      triggers: {
        data_landed: false,
        scoring_landed: false,
        quiet: 300,
        schedule: null,
        time_zone: 'UTC',
        decay: false,
      },
      report: { min_group: 10 },
      budget: { max_run_usd: 25 },
      name: 'demo',
      notifications: { email: [] },
      environments: {},
    });
  });

  test.each([
    ['multiclass', 'log_loss', '5%', '10%', 'accuracy', 0.1, 'probability'],
    ['regression', 'rmse', '5%', '10%', 'rmse', '20%', 'value'],
  ])('follow the problem: %s', (problem, primary, margin, anchor, sliced, drop, output) => {
    const { gate, model } = parseConfig(minimal(problem));
    expect([gate.primary, gate.champion.margin, gate.anchor.margin]).toEqual([primary, margin, anchor]);
    expect([gate.slices?.metric, gate.slices?.max_drop, model.output]).toEqual([sliced, drop, output]);
  });

  test('follow a primary metric that is given', () => {
    const { gate } = parseConfig(`${minimal()}gate: { primary: brier }\n`);
    expect([gate.champion.margin, gate.anchor.margin]).toEqual(['5%', '10%']);
  });

  test('ask of a model that answers labels only what labels can give', () => {
    const { gate } = parseConfig(`${minimal()}model: { output: label }\n`);
    expect([gate.primary, gate.slices?.metric]).toEqual(['accuracy', 'accuracy']);
  });

  test('of tuning follow its metrics, strategy and ranges', () => {
    const text = `${minimal()}training: { metrics: { cv_log_loss: 'l=(.*)' } }
tuning: { strategy: grid, ranges: { C: [1, 2, 3], e: [x, y] } }\n`;
    expect(parseConfig(text).tuning).toMatchObject({
      objective: { metric: 'cv_log_loss', goal: 'minimize' },
      max_jobs: 6,
      parallel_jobs: 2,
    });
  });

  test('take Parquet where the source says so, and no context beside an image', () => {
    const image = `example/model@sha256:${'0'.repeat(64)}`;
    const { data, model } = parseConfig(
      `${minimal().replace('.csv', '.parquet')}model: { image: "${image}" }\n`,
    );
    expect([data.format, model.context, model.image]).toEqual(['parquet', null, image]);
  });
});

describe('what people write', () => {
  test('what is off by default may be switched off', () => {
    const text = `${minimal()}  scoring: none\nmonitoring: off\ntriggers: { decay: false }\n`;
    expect(parseConfig(text)).toEqual(parseConfig(minimal()));
  });

  test('windows of monitoring are as long as the period of its schedule', () => {
    const windowOf = (block: string) => parseConfig(`${minimal()}monitoring: ${block}\n`).monitoring?.window;
    expect(windowOf('{ schedule: weekly }')).toBe(7 * 86_400);
    expect(windowOf('{ schedule: cron(0 3 * * ? *) }')).toBe(86_400);
    expect(windowOf('{ schedule: weekly, window: 12h }')).toBe(43_200);
  });

  test('blocks that are commented out line by line count as not written', () => {
    expect(parseConfig(`${minimal()}gate:\n  # floor: false\nbudget:\nenvironments:\n`)).toEqual(
      parseConfig(minimal()),
    );
  });

  test.each(['off', 'none', 'false', 'null', '~'])('%s switches off', (word) => {
    const text = `${minimal()}  scoring: ${word}\ntuning: ${word}\ngate: { slices: ${word}, min_change: ${word} }\nbudget: { max_run_usd: ${word} }\n`;
    const { data, tuning, gate, budget } = parseConfig(text);
    expect([data.scoring, tuning, gate.slices, gate.min_change, budget.max_run_usd]).toEqual([
      null,
      null,
      null,
      null,
      null,
    ]);
  });

  test.each([
    ['1', '1'],
    ['1.0', '1.0'],
    ['007', '007'],
    ['True', 'True'],
    ['"Yes"', 'Yes'],
    ["'it''s'", "it's"],
    ['1e3', '1e3'],
  ])('the class %s is text as written', (written, text) => {
    expect(parseConfig(`${minimal()}  positive: ${written}\n`).data.positive).toBe(text);
  });

  test('columns may be numbers', () => {
    expect(parseConfig(`${minimal()}  slices: [2024, "2025", 1.50]\n`).data.slices).toEqual([
      '2024',
      '2025',
      '1.50',
    ]);
  });

  test.each([
    ['90s', 90],
    ['30m', 1800],
    ['1h30m', 5400],
    ['2d', 172_800],
  ])('the duration %s is %d seconds', (written, seconds) => {
    expect(parseConfig(`${minimal()}training: { max_runtime: ${written} }\n`).training.max_runtime).toBe(
      seconds,
    );
  });

  test('anchors and aliases', () => {
    const text = `${minimal()}prepare: { instance: &small { type: ml.t3.medium } }\ntraining: { instance: *small }\n`;
    expect(parseConfig(text).training.instance.type).toBe('ml.t3.medium');
  });

  const asWritten = [
    '1',
    '1.0',
    '1.10',
    '007',
    '12345678901234567890',
    '0.30000000000000000001',
    '12e5',
    '1_000',
    '0x1F',
    '0o17',
    '.5',
    '+1',
    '-0',
    '.inf',
    'yes',
    'No',
    'on',
    'True',
    '2026-01-31',
    '1:30',
    'null.x',
    'constructor',
  ];

  test.each(asWritten)('%s reaches train as written, from wherever it comes', (written) => {
    const text = (value: string) => `${minimal()}training: { hyperparameters: { x: ${value} } }\n`;
    const { hyperparameters } = parseConfig(text(written)).training;
    expect(hyperparameters).toEqual({ x: written });
    expect(parseConfig(text(`"${written}"`)).training.hyperparameters).toEqual(hyperparameters);
    expect(parseConfig(text(`!!str ${written}`)).training.hyperparameters).toEqual(hyperparameters);
    const set = [`training.hyperparameters.x=${written}`];
    expect(parseConfig(minimal(), { set }).training.hyperparameters).toEqual(hyperparameters);
    const range = `${minimal()}training: { metrics: { m: '(.*)' } }\ntuning: { ranges: { x: [${written}, other] } }\n`;
    expect(parseConfig(range).tuning?.ranges.x).toEqual([written, 'other']);
    expect(parseConfig(range, { set: [`tuning.ranges.x=[a, ${written}]`] }).tuning?.ranges.x).toEqual([
      'a',
      written,
    ]);
  });

  test('texts for train are kept with their spaces; null is refused at its place', () => {
    const text = (value: string) => `${minimal()}training:\n  hyperparameters:\n    x: ${value}\n`;
    expect(parseConfig(text('" a "')).training.hyperparameters).toEqual({ x: ' a ' });
    expect(parseConfig(text('""')).training.hyperparameters).toEqual({ x: '' });
    for (const nothing of ['null', '~', ''])
      expect(problemsOf(() => parseConfig(text(nothing)))).toMatchObject([
        { path: 'training.hyperparameters.x', line: 8, message: expect.stringContaining('got null') },
      ]);
  });

  test('the ends of a range are numbers, kept as written', () => {
    const text = (range: string) =>
      `${minimal()}training: { metrics: { m: '(.*)' } }\ntuning: { ranges: { x: { ${range} } } }\n`;
    expect(parseConfig(text('min: 1e-4, max: 1.0')).tuning?.ranges.x).toMatchObject({
      min: '1e-4',
      max: '1.0',
    });
    expect(
      parseConfig(text('min: 1, max: 3'), { set: ['tuning.ranges.x.max=2.50'] }).tuning?.ranges.x,
    ).toMatchObject({ min: '1', max: '2.50' });
    for (const wrong of ['0x1F', 'high', '.inf', '1e999', 'null', '1_000', '""'])
      expect(problemsOf(() => parseConfig(text(`min: 0, max: ${wrong}`)))).toMatchObject([
        { path: expect.stringMatching(/^tuning\.ranges\.x/), line: 7 },
      ]);
    expect(problemsOf(() => parseConfig(text('min: 1, max: 1e3, type: integer')))).toHaveLength(1);
  });
});

describe('--set', () => {
  const set = (...overrides: string[]) => parseConfig(minimal(), { set: overrides });

  test('takes YAML, and the last one wins', () => {
    const config = set(
      'training.hyperparameters.C=0.1',
      'training.hyperparameters.C=0.2',
      'data.slices=[Gender, "a, b"]',
      'data.positive=1.0',
      'gate.champion.rule=superior',
      'environments.staging={ account: "012345678901", region: us-east-1 }',
      'environments.staging.tags."cost.center"=a=b',
    );
    expect(config.training.hyperparameters).toEqual({ C: '0.2' });
    expect(config.data).toMatchObject({ slices: ['Gender', 'a, b'], positive: '1.0' });
    expect(config.gate.champion).toEqual({ rule: 'superior', margin: 0.03 });
    expect(config.environments.staging).toMatchObject({
      account: '012345678901',
      tags: { 'cost.center': 'a=b' },
    });
  });

  test('without a value takes the default again', () => {
    const text = `${minimal()}budget: { max_run_usd: 1 }\nmodel: { csv: { header: true } }\n`;
    expect(parseConfig(text, { set: ['budget.max_run_usd=', 'model='] })).toEqual(parseConfig(minimal()));
  });

  test('reaches into a block that is off', () => {
    const text = `${minimal()}gate: { min_change: off }\n`;
    expect(parseConfig(text, { set: ['gate.min_change.relative=0.1'] }).gate.min_change?.relative).toBe(0.1);
  });

  test.each([
    ['fix #12', 'got a comment, "#12", which YAML leaves out; quote the value'],
    ['#12', 'got a comment, "#12", which YAML leaves out; quote the value'],
    ['"fix" #12', 'got a comment, "#12", which YAML leaves out; quote the value'],
    ['[a, # b\n c]', 'got a comment, "# b", which YAML leaves out; quote the value'],
    ['&a b', 'got an anchor, "&a", which YAML leaves out; quote the value'],
    ['!!str b', 'got a tag, "!!str", which YAML leaves out; quote the value'],
    ['--- b', 'got a document marker, "---", which YAML leaves out; quote the value'],
    ['b\n...', 'got a document marker, "...", which YAML leaves out; quote the value'],
    ['a\nb', 'got a line break, which YAML leaves out; quote the value'],
    ['"a\nb"', 'got a line break, which YAML leaves out; quote the value'],
    ['|\n a', 'got the start of a block of text, "|", which YAML leaves out; quote the value'],
    ['\ufeffa', 'got a byte-order mark, "\ufeff", which YAML leaves out; quote the value'],
    [' a ', 'got " a ", whose spaces at the ends YAML leaves out; quote the value'],
  ])('refuses %j rather than cut it', (value, message) => {
    for (const path of ['training.hyperparameters.note', 'data.target'])
      expect(problemsOf(() => set(`${path}=${value}`))).toEqual([{ path, message, from_set: true }]);
  });

  test.each([
    ['a#b', 'a#b'],
    ['"fix #12"', 'fix #12'],
    ["' a '", ' a '],
    ['"it is \\"so\\""', 'it is "so"'],
    ['a, b', 'a, b'],
    ['C:\\x', 'C:\\x'],
    ['größe 😀', 'größe 😀'],
    ['-x', '-x'],
  ])('takes %j whole', (value, text) => {
    expect(set(`data.target=${value}`).data.target).toBe(text);
  });

  test('is named by its problems, which have no place in the file', () => {
    expect(problemsOf(() => set('gate.treshold=1'))).toEqual([
      {
        path: 'gate.treshold',
        message: 'unknown key "treshold"; did you mean "thresholds"?',
        from_set: true,
      },
    ]);
  });

  test.each(['__proto__.polluted=1', 'training.hyperparameters.__proto__.polluted=1'])(
    '%s reaches no prototype',
    (override) => {
      expect(problemsOf(() => set(override))).toHaveLength(1);
      expect(Object.hasOwn(Object.prototype, 'polluted')).toBe(false);
    },
  );
});

test('a problem has path, line and column', () => {
  expect(
    problemsOf(() => parseConfig(`${minimal()}gate:\n  thresholds:\n    roc_auc: { min: high }\n`)),
  ).toEqual([
    {
      path: 'gate.thresholds.roc_auc.min',
      message: 'got "high", expected a number from 0 to 1',
      line: 8,
      column: 21,
    },
  ]);
});

test('what depends on a wrong setting is not judged', () => {
  // Which metrics fit cannot be told while the problem is unknown, nor the objective while the metrics are misspelt.
  const text = `${minimal('bnary')}training: { metric: { a: '(.*)' } }
tuning: { objective: { metric: a }, ranges: { C: [1, 2] } }
gate: { primary: rmse, confidence: 1 }\n`;
  expect(problemsOf(() => parseConfig(text)).map(({ path }) => path)).toEqual([
    'problem',
    'training.metric',
    'gate.confidence',
  ]);
});

describe('loading', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'config-'));
    // A folder without a model.yaml: else the one in the working directory would be the model's.
    mkdirSync(join(folder, 'model'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  const write = (content: string | Buffer) => {
    const path = join(folder, 'mlops.yaml');
    writeFileSync(path, content);
    return path;
  };

  test('gives the config with overrides, its file, and the place of a problem that is found later', async () => {
    const path = write(minimal());
    const loaded = await loadConfig(path, { set: ['tuning=off'] });
    expect(loaded).toMatchObject({ config: parseConfig(minimal()), path });
    const line =
      minimal()
        .split('\n')
        .findIndex((text) => text.includes('problem:')) + 1;
    expect(loaded.problemAt('problem', 'is odd')).toMatchObject({ path: 'problem', message: 'is odd', line });
    expect(loaded.problemAt('tuning', 'is odd')).toEqual({
      path: 'tuning',
      message: 'is odd',
      from_set: true,
    });
  });

  test('reads a byte-order mark and CRLF', async () => {
    const path = write(`\uFEFF${minimal().replaceAll('\n', '\r\n')}`);
    expect((await loadConfig(path)).config).toEqual(parseConfig(minimal()));
  });

  test.each([
    [
      'Latin-1',
      () => write(Buffer.from('project: Z\xfcrich\n', 'latin1')),
      'got bytes that are not UTF-8, expected text in UTF-8',
    ],
    ['a large file', () => write('#'.repeat(1_000_001)), 'got 1000001 bytes, expected at most 1000000'],
    ['a folder', () => folder, 'got a folder, expected a file'],
    ['no file', () => join(folder, 'none.yaml'), 'no such file; --config names another'],
  ])('refuses %s', async (_what, make, message) => {
    const path = make();
    await expect(loadConfig(path)).rejects.toThrow(new ConfigError(path, [{ path: '', message }]));
  });
});

describe('the sample', () => {
  const path = join(sample, 'mlops.yaml');

  test('is sound, and so is its data', async () => {
    const { config } = await loadConfig(path);
    const { problems, rows } = await checkData(config, [join(sample, config.data.source)]);
    expect(problems).toEqual([]);
    expect(rows).toBe(1270);
  });

  test('works with what it comments out', () => {
    const text = readFileSync(path, 'utf8').replaceAll(/^# (?=[a-z]+:| {2,})/gm, '');
    const config = parseConfig(text);
    expect(Object.keys(config.environments)).toEqual(['staging', 'production']);
  });
});
