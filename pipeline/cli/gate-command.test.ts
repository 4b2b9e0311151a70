import { writeFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { stackTrace, Workspace } from './cli.fixture.ts';

/** Scores of 300 rows: `skill` of 1 tells the classes apart, 0 tells nothing, -1 tells them the wrong way round. */
function scores(skill: number, rows = 300): string {
  const lines = Array.from({ length: rows }, (_, index) => {
    const label = index % 3 === 0 ? 1 : 0;
    // The golden ratio spreads the noise evenly, and alike in both classes.
    const noise = (index * 0.618_033_988_75) % 1;
    const score = 0.5 + 0.4 * (skill * (label - 0.5) + 0.6 * (noise - 0.5));
    return `r${index},${label},${score.toFixed(6)},${index % 2 ? 'a' : 'b'}`;
  });
  return `row_id,label,score,group\n${lines.join('\n')}\n`;
}

const workspace = new Workspace();
const files = {
  'good.csv': scores(0.45),
  'fair.csv': scores(0.25),
  'poor.csv': scores(0),
  'other-rows.csv': scores(0.5, 299),
  'bad.csv': scores(0.45).replace(/^r7,0,[^,]+/m, 'r7,0,high'),
  'mlops.yaml': `project: gated
problem: binary
data: { source: none.csv, target: y }
gate:
  thresholds: { roc_auc: { min: 0.7 } }
  champion: { rule: superior }
`,
};
for (const [name, text] of Object.entries(files)) writeFileSync(workspace.path(name), text);
const gate = (...args: string[]) => workspace.mlops('gate', ...args);
const config = ['--config', 'mlops.yaml'];

test('promote is 0, reject 3, hold 4, in words and as JSON', async () => {
  const promote = await gate('--candidate', 'good.csv', '--champion', 'fair.csv', ...config);
  expect([promote.code, promote.stdout]).toEqual([0, expect.stringMatching(/^PROMOTE {2}/)]);
  expect(promote.stdout).toMatch(/^ROC AUC +/m);
  expect(promote.stdout).toMatch(/^pass +champion: /m);

  const reject = await gate('--candidate', 'poor.csv', ...config, '--json');
  expect([reject.code, JSON.parse(reject.stdout).outcome]).toEqual([3, 'reject']);

  const hold = await gate('--candidate', 'good.csv', '--champion', 'good.csv', ...config, '--json');
  expect([hold.code, JSON.parse(hold.stdout).outcome]).toEqual([4, 'hold']);
});

test('--json is the verdict of the contract, and nothing else', async () => {
  const { stdout, stderr } = await gate(
    '--candidate',
    'good.csv',
    '--champion',
    'fair.csv',
    ...config,
    '--json',
  );
  const verdict = JSON.parse(stdout);
  expect(stderr).toBe('');
  expect(verdict).toMatchObject({
    outcome: 'promote',
    reason: expect.any(String),
    n: 300,
    positives: 100,
    seed: 0,
    confidence: 0.95,
    smallest_detectable_difference: expect.any(Number),
    holdout_uses: 1,
  });
  const {
    candidate,
    champion,
    difference,
    interval,
    champion_interval,
    difference_interval,
    p_value,
    method,
  } = verdict.metrics.roc_auc;
  expect(difference).toBeCloseTo(candidate - champion, 12);
  for (const [low, high] of [interval, champion_interval, difference_interval])
    expect(low).toBeLessThan(high);
  expect(p_value).toBeLessThan(0.05);
  expect(method).toBe('score');
  expect(verdict.metrics.brier.method).toBe('bootstrap');
  for (const slice of verdict.slices)
    expect(slice).toMatchObject({ column: 'group', n: 150, positives: 50, metric: 'roc_auc' });
  for (const check of verdict.checks)
    expect(Object.keys(check).sort()).toEqual(
      ['bound', 'confidence', 'detail', 'limit', 'name', 'outcome', 'value'].sort(),
    );
  const { outcome } = verdict.checks.find(({ name }: { name: string }) => name === 'champion');
  expect(outcome).toBe('pass');
});

test('a setting can be overridden; an anchor is one more comparison', async () => {
  const strict = await gate(
    '--candidate',
    'good.csv',
    ...config,
    '--set',
    'gate.thresholds.roc_auc.min=0.9999',
    '--json',
  );
  expect(strict.code).toBe(3);
  const anchored = await gate('--candidate', 'fair.csv', '--anchor', 'good.csv', ...config, '--json');
  expect(anchored.code).toBe(3);
  const failed = JSON.parse(anchored.stdout).checks.filter(
    ({ outcome }: { outcome: string }) => outcome === 'fail',
  );
  expect(failed.map(({ name }: { name: string }) => name)).toEqual(['anchor']);
});

test('without a configuration the defaults of the problem hold', async () => {
  const bare = new Workspace();
  writeFileSync(bare.path('good.csv'), files['good.csv']);
  writeFileSync(bare.path('regression.csv'), 'row_id,label,predicted\na,1,1.1\nb,2,1.9\nc,3,3.2\nd,4,3.9\n');
  const binary = await bare.mlops('gate', '--candidate', 'good.csv', '--json');
  expect([binary.code, JSON.parse(binary.stdout).primary]).toEqual([0, 'roc_auc']);
  const regression = await bare.mlops('gate', '--candidate', 'regression.csv', '--json');
  expect(Object.keys(JSON.parse(regression.stdout).metrics).sort()).toEqual(['mae', 'mape', 'r2', 'rmse']);
});

/** Two models on the same 300 rows, by problem: `error` is how far each is off. */
const outputs: Record<string, (index: number, error: number) => string> = {
  binary: (index, error) =>
    `${index % 3 === 0 ? 1 : 0},${(index % 3 === 0 ? 0.9 - error : 0.1 + error).toFixed(6)}`,
  multiclass: (index, error) => {
    const rest = ((0.1 + error) / 2).toFixed(6);
    const columns = ['a', 'b', 'c'].map((_, label) =>
      label === index % 3 ? (0.9 - error).toFixed(6) : rest,
    );
    return `${'abc'[index % 3]},${columns.join(',')}`;
  },
  regression: (index, error) => `${index},${(index + 10 * error).toFixed(6)}`,
};
const headers = {
  binary: 'label,score',
  multiclass: 'label,score_a,score_b,score_c',
  regression: 'label,predicted',
};

test.each(Object.entries(headers))(
  'without a configuration the verdict is that of a run: %s',
  async (problem, header) => {
    const place = new Workspace();
    for (const [name, scale] of [
      ['candidate', 0.52],
      ['champion', 0.5],
    ] as const) {
      const rows = Array.from({ length: 300 }, (_, index) => {
        const output = outputs[problem]?.(index, scale * ((index * 0.618_033_988_75) % 1));
        return `r${index},${output},${index % 2 ? 'x' : 'y'}`;
      });
      writeFileSync(place.path(`${name}.csv`), `row_id,${header},group\n${rows.join('\n')}\n`);
    }
    const args = ['gate', '--candidate', 'candidate.csv', '--champion', 'champion.csv', '--json'];
    const bare = await place.mlops(...args);
    const minimal = `project: gated\nproblem: ${problem}\ndata: { source: none.csv, target: y }\n`;
    writeFileSync(place.path('mlops.yaml'), minimal);
    const configured = await place.mlops(...args);
    expect(JSON.parse(bare.stdout)).toEqual(JSON.parse(configured.stdout));
    expect(JSON.parse(bare.stdout).slices).toHaveLength(2);
  },
);

const refused: [what: string, args: string[], message: RegExp][] = [
  [
    'a score that is none',
    ['--candidate', 'bad.csv'],
    /bad\.csv: line 9, column score: got "high", expected/,
  ],
  ['a file that is not there', ['--candidate', 'none.csv'], /none\.csv/],
  ['other rows', ['--candidate', 'good.csv', '--champion', 'other-rows.csv'], /r299/],
  ['no candidate', [], /--candidate/],
  ['a broken setting', ['--candidate', 'good.csv', '--set', 'gate.confidence=2'], /gate\.confidence: got 2/],
];
test.each(refused)('%s: told with its place, exit 2', async (_what, args, message) => {
  const { code, stdout, stderr } = await gate(...args, '--json');
  expect(code).toBe(2);
  expect(stderr).toMatch(message);
  expect(stderr).not.toMatch(stackTrace);
  expect(JSON.parse(stdout)).toMatchObject({ ok: false, error: { message: expect.stringMatching(message) } });
});
