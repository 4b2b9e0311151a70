import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { globSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import type { Answer } from '../serve/answer.ts';
import type { Workspace } from './cli.fixture.ts';
import './cli.fixture.ts';
import { killServices, point, ServiceProcess, smallRecords } from './serving.fixture.ts';
import { behave, smallProject } from './small-project.fixture.ts';

/** Has the packages small/1, which scores by weight 1 and takes a moment for each answer, and small/2 by weight 2. */
let trained: Workspace;
let records: Record<string, string>[];

beforeAll(async () => {
  trained = smallProject();
  for (const set of [{ weight: 1, seconds: 0.05 }, { weight: 2 }]) {
    const { code, stderr } = await trained.mlops('run', '--mode', 'promote', ...behave(set));
    if (code !== 0) throw new Error(stderr);
  }
  records = smallRecords(trained);
}, 120_000);

const scoreOf = (record: Record<string, string>, name: string): number =>
  1 / (1 + Math.exp(-(name === 'small/1' ? 1 : 2) * Number(record.x)));

/** Whether the answer is what its own package says of the record. */
const isRight = ({ score, package: name, id }: Answer, record: Record<string, string>): boolean =>
  id === record.id && Math.abs((score ?? Number.NaN) - scoreOf(record, name)) < 1e-6;

afterEach(killServices);

describe('mlops serve', () => {
  test('moves between two packages under load without a failed or a wrong answer', async () => {
    const workspace = trained.copy();
    await point(workspace, 'r0', 'small/1');
    const service = await ServiceProcess.start(workspace);
    await service.until(({ release }) => release === 'r0');
    let running = true;
    const seen = new Map<string, number>();
    const wrong: unknown[] = [];
    const client = async (first: number) => {
      for (let at = first; running; at = (at + 7) % records.length) {
        const record = records[at] as Record<string, string>;
        const { status, predictions, errors } = await service.ask(record).catch((error: Error) => ({
          status: 0,
          predictions: [],
          errors: error,
        }));
        const [answer] = predictions as Answer[];
        if (status !== 200 || answer === undefined || !isRight(answer, record))
          wrong.push({ status, answer, errors });
        else seen.set(answer.package, (seen.get(answer.package) ?? 0) + 1);
      }
    };
    const clients = Array.from({ length: 12 }, (_, at) => client(at));
    for (const [at, name] of ['small/2', 'small/1', 'small/2', 'small/1', 'small/2'].entries()) {
      await point(workspace, `r${at + 1}`, name);
      const state = await service.until(({ release }) => release === `r${at + 1}`);
      expect(state).toMatchObject({ package: name, failed: null });
      const before = seen.get(name) ?? 0;
      while ((seen.get(name) ?? 0) < before + 30 && wrong.length === 0)
        await new Promise((go) => setTimeout(go, 10));
    }
    running = false;
    await Promise.all(clients);
    expect(wrong).toEqual([]);
    // Each old model has ended after its last request: one is left.
    while (readdirSync(workspace.path('.mlops/serving')).length > 1)
      await new Promise((go) => setTimeout(go, 20));
    expect(await service.stop()).toBeLessThan(2000);
    expect(await workspace.leftProcesses()).toEqual([]);
  }, 120_000);

  test('says what to do while nothing is released, answers after a release, and keeps what was asked', async () => {
    const workspace = trained.copy();
    const service = await ServiceProcess.start(workspace);
    const nobody = await service.ask(records[0]);
    expect([nobody.status, nobody.errors[0]?.message]).toEqual([
      503,
      'no model is released: run `npx mlops release`',
    ]);
    expect(service.running.stderr).toContain('npx mlops release');
    workspace.write({ 'scoring.csv': workspace.read('data.csv').replaceAll(/,(y|yes|no)$/gm, '') });
    const released = await workspace.mlops('release', 'small/2', '--set', 'data.scoring=scoring.csv');
    expect([released.code, released.stderr]).toEqual([0, expect.anything()]);
    const { release } = await service.until(({ package: name }) => name === 'small/2');
    expect(release).toMatch(/^\d{8}T/);
    expect((await service.ask({ records: records.slice(0, 3) })).predictions.map(({ id }) => id)).toEqual([
      'r0',
      'r1',
      'r2',
    ]);
    const bad = await service.ask({ ...records[0], x: 'much', nois: '1' });
    expect([bad.status, bad.errors.map(({ column }) => column)]).toEqual([400, ['x', 'nois']]);
    const refused = await workspace.start('gc').finished;
    expect([refused.code, refused.stderr]).toEqual([
      1,
      expect.stringContaining('`mlops serve` is in progress'),
    ]);
    expect(await service.stop()).toBeLessThan(2000);
    const [file = ''] = globSync(workspace.path('.mlops/s3/mlops/small/captures/small/*.jsonl'));
    const kept = readFileSync(file, 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(kept.map((entry) => [entry.release, entry.package, entry.features.x, entry.decision])).toEqual(
      records
        .slice(0, 3)
        .map((record) => [
          release,
          'small/2',
          Number(record.x),
          scoreOf(record, 'small/2') >= 0.5 ? 'yes' : 'no',
        ]),
    );
  }, 60_000);

  test('stays on the old package if the new one does not come up, and says so; then follows again', async () => {
    const workspace = trained.copy();
    for (const path of globSync(workspace.path('.mlops/ledger/small/package/small/small%2F1/*.json'))) {
      const found = JSON.parse(readFileSync(path, 'utf8'));
      const artifact = workspace.path('.mlops/s3', found.artifact.replace('s3://', ''));
      writeFileSync(artifact, 'not what was judged');
    }
    await point(workspace, 'r1', 'small/2');
    const service = await ServiceProcess.start(workspace, '--no-capture');
    await service.until(({ release }) => release === 'r1');
    await point(workspace, 'r2', 'small/1');
    const state = await service.until(({ failed }) => failed !== null);
    expect(state).toMatchObject({
      release: 'r1',
      package: 'small/2',
      failed: {
        release: 'r2',
        package: 'small/1',
        error: expect.stringContaining('its artifact is not the one'),
      },
    });
    expect((await service.ask(records[0])).predictions[0]?.package).toBe('small/2');
    expect(service.running.stderr).toMatch(
      /release r2 \(package small\/1\) does not start: .*\nrelease r1 .* goes on/,
    );
    await point(workspace, 'r3', 'small/2');
    expect(await service.until(({ release }) => release === 'r3')).toMatchObject({ failed: null });
    await service.stop();
    expect(globSync(workspace.path('.mlops/s3/mlops/small/captures/**'))).toEqual([]);
  }, 60_000);

  test('starts a model again that died, and a killed service leaves no process and no files', async () => {
    const workspace = trained.copy();
    await point(workspace, 'r1', 'small/2');
    const service = await ServiceProcess.start(workspace);
    const { since } = await service.until(({ release }) => release === 'r1');
    const kill = () => {
      const [model = ''] = workspace.processes().filter((line) => !line.includes('mlops.ts'));
      process.kill(Number.parseInt(model, 10), 'SIGKILL');
    };
    kill();
    await service.until((state) => state.release === 'r1' && state.since !== since);
    expect((await service.ask(records[0])).status).toBe(200);
    expect(service.running.stderr).toContain('It is started again\n');
    // One that ends again soon waits, as one that does not come up does.
    kill();
    await service.until(({ failed }) => failed !== null);
    const { status, errors } = await service.ask(records[0]);
    expect([status, errors[0]?.message]).toEqual([
      503,
      expect.stringMatching(/^package small\/2 does not start: .*serve ended/),
    ]);
    expect(service.running.stderr).toContain('It is started again in 5 s');
    await service.until((state) => state.release === 'r1' && state.failed === null);
    service.running.process.kill('SIGKILL');
    await service.running.finished;
    expect(await workspace.leftProcesses()).toEqual([]);
    expect(readdirSync(workspace.path('.mlops/serving'))).toHaveLength(1);
    expect((await workspace.mlops('predict', 'data.csv')).code).toBe(0);
    expect(readdirSync(workspace.path('.mlops/serving'))).toEqual([]);
  }, 60_000);

  test('Ctrl-C ends within two seconds, whatever is being asked', async () => {
    const workspace = trained.copy();
    const slow = await workspace.start('run', '--mode', 'promote', ...behave({ weight: 3, seconds: 2 }))
      .finished;
    expect(slow.code).toBe(0);
    const service = await ServiceProcess.start(workspace, '--package', 'small/3');
    expect((await service.current()).package).toBe('small/3');
    const agent = new Agent({ keepAlive: true });
    const asking = request(`${service.url}/predict`, {
      method: 'POST',
      agent,
      headers: { 'Content-Type': 'application/json' },
    });
    const broken = once(asking, 'error');
    asking.end(JSON.stringify(records[0]));
    await new Promise((go) => setTimeout(go, 200));
    expect(await service.stop()).toBeLessThan(2000);
    await broken;
    expect(await workspace.leftProcesses()).toEqual([]);
  }, 60_000);

  test.each([
    [['--port', 'x'], /Expected a whole number/],
    [['--package', 'small/9'], /got package "small\/9", expected one of the registry/],
    [['--host', '203.0.113.1'], /--host: got 203.0.113.1, expected an address of this machine/],
  ])('%p is refused', async (args, message) => {
    const { code, stderr } = await trained.start('serve', ...args).finished;
    expect([code, stderr]).toEqual([2, expect.stringMatching(message)]);
  });
});

describe('mlops predict', () => {
  test('scores the holdout as the gate saw it, from the rows as they came', async () => {
    const [run = ''] = globSync(trained.path('.mlops/s3/mlops/small/runs/small/*/candidate.csv'))
      .sort()
      .reverse();
    const judged = readFileSync(run, 'utf8')
      .trim()
      .split('\n')
      .slice(1)
      .map((line) => line.split(','));
    const { stdout } = await trained.mlops('predict', 'data.csv', '--package', 'small/2', '--json');
    const { predictions } = JSON.parse(stdout) as { predictions: Answer[] };
    expect(predictions).toHaveLength(400);
    const score = new Map(predictions.map((answer) => [answer.id, answer.score]));
    expect(judged.length).toBeGreaterThan(50);
    for (const [id = '', , said] of judged) expect(score.get(id)).toBe(Number(said));
  });

  test.each([
    ['JSON Lines', (rows: object[]) => rows.map((row) => JSON.stringify(row)).join('\n')],
    ['a list', (rows: object[]) => JSON.stringify(rows)],
    ['records', (rows: object[]) => JSON.stringify({ records: rows })],
  ])('reads %s, and prints a table', async (_, text) => {
    trained.write({
      'rows.json': text(records.slice(0, 2).map(({ id, x, noise }) => ({ id, x: Number(x), noise }))),
    });
    const { code, stdout, stderr } = await trained.mlops('predict', 'rows.json');
    expect([code, stderr]).toEqual([0, 'Nothing is released yet: the champion small/2 answers.\n']);
    const lines = stdout.split('\n').map((line) => line.trim().split(/ {2,}/));
    const rounded = (at: number) => Number(scoreOf(records[at] ?? {}, 'small/2').toPrecision(4)).toString();
    expect(lines.slice(0, 3)).toEqual([
      ['id', 'score', 'decision', 'strongest contributions'],
      ['r0', rounded(0), 'no'],
      ['r1', rounded(1), 'yes'],
    ]);
    expect(stdout).toContain('2 predictions by small/2');
  });

  test('tells every problem of a file and exits 2', async () => {
    trained.write({ 'bad.csv': 'id,x,nois\nr1,one,1\nr2,,2\n' });
    const { code, stderr } = await trained.mlops('predict', 'bad.csv', '--package', 'small/2');
    expect(code).toBe(2);
    expect(stderr.trim().split('\n')).toEqual([
      'bad.csv: line 2, column "x": got "one", expected a number, or null where it is not known',
      'bad.csv: line 2, column "noise": missing, expected a number, or null where it is not known',
      'bad.csv: line 2, column "nois": no such column; did you mean "noise"?',
      'bad.csv: line 3, column "noise": missing, expected a number, or null where it is not known',
      'bad.csv: line 3, column "nois": no such column; did you mean "noise"?',
    ]);
  });

  test.each([
    ['a missing file', 'none.csv', '', /got "none.csv", which cannot be read \(ENOENT\)/],
    ['no rows', 'empty.csv', 'x,noise\n', /empty.csv: got no records/],
    ['a short row', 'short.csv', 'x,noise\n1\n', /short.csv: line 2: got 1 fields, expected 2/],
    ['a column twice', 'twice.csv', 'x,x\n1,2\n', /the header has "x" more than once/],
    ['broken JSON', 'broken.json', '[{"x":1]', /broken.json: got text that is no JSON/],
    ['a broken line', 'broken.jsonl', '{"x":1}\n{', /broken.jsonl: line 2: got text that is no JSON/],
  ])('%s is bad input', async (_, name, text, message) => {
    if (text !== '') trained.write({ [name]: text });
    const { code, stderr } = await trained.mlops('predict', name);
    expect([code, stderr]).toEqual([2, expect.stringMatching(message)]);
  });

  test('asks a service, in parts that it takes, from standard input', async () => {
    const service = await ServiceProcess.start(trained, '--package', 'small/2', '--no-capture');
    const many = Array.from({ length: 6 }, () => records).flat();
    const text = many.map((record) => JSON.stringify(record)).join('\n');
    const ask = async (input: string, ...args: string[]) => {
      const program = fileURLToPath(new URL('mlops.ts', import.meta.url));
      const child = spawn(process.execPath, [program, 'predict', '-', ...args], { cwd: trained.folder });
      const output = { stdout: '', stderr: '' };
      child.stdout.on('data', (chunk) => (output.stdout += chunk));
      child.stderr.on('data', (chunk) => (output.stderr += chunk));
      child.stdin.end(input);
      const [code] = await once(child, 'close');
      return { code, ...output };
    };
    const { code, stdout } = await ask(text, '--url', service.url, '--json');
    expect(code).toBe(0);
    const { predictions } = JSON.parse(stdout) as { predictions: Answer[] };
    expect(predictions.map((answer, at) => isRight(answer, many[at] ?? {}))).toEqual(many.map(() => true));
    const lines = await ask(
      `\n${text}\n\n${JSON.stringify({ ...records[0], x: 'one' })}\n`,
      '--url',
      service.url,
    );
    expect(lines.stderr).toContain(`standard input: line ${many.length + 3}, column "x": got "one"`);
    const bad = [...many.slice(0, 1500), { ...records[0], x: 'one' }];
    const refused = await ask(JSON.stringify(bad), '--url', `${service.url}/`);
    expect([refused.code, refused.stderr.trim()]).toEqual([
      2,
      'standard input: record 1501, column "x": got "one", expected a number, or null where it is not known',
    ]);
    await service.stop();
    const gone = await trained.mlops('predict', 'data.csv', '--url', service.url);
    expect([gone.code, gone.stderr]).toEqual([1, expect.stringMatching(/does not answer: .*ECONNREFUSED/)]);
  }, 60_000);
});
