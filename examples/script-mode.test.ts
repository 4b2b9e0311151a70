import { readFileSync } from 'node:fs';
import { cp, mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import type { Image, Program, ProgramOptions } from '../pipeline/backends/embedded/images/image.ts';
import { ImageStore } from '../pipeline/backends/embedded/images/image-store.ts';
import {
  eventually,
  temporaryFolder,
  writeFiles,
} from '../pipeline/backends/embedded/images/python-context.fixture.ts';

/*
 * Script mode on scripts that need Python's standard library alone: what they are given, and what becomes of what they
 * answer. script-mode.system.test.ts has scripts with scikit-learn, LightGBM and XGBoost.
 */

jest.setTimeout(60_000);
const examples = import.meta.dirname;
const shim = join(examples, 'script-mode/model/script_mode');
const environments = temporaryFolder();
const programs =
  '[project]\nname = "own"\n[project.scripts]\ntrain = "script_mode.train:main"\nserve = "script_mode.serve:main"\n';
let folder: string;
let base: string;
let lines: string[];
let running: Program[];

beforeEach(async () => {
  folder = temporaryFolder();
  base = join(folder, 'job');
  lines = [];
  running = [];
  await writeFiles(base, {
    'input/config/hyperparameters.json': JSON.stringify({
      'learning-rate': '0.10',
      C: '1E5',
      name: 'a b',
      sagemaker_job_name: 'x',
      _tuning_objective_metric: 'y',
    }),
    'input/config/inputdataconfig.json': JSON.stringify({ train: { ContentType: 'text/csv' } }),
    'input/config/resourceconfig.json': JSON.stringify({ current_host: 'algo-1', hosts: ['algo-1'] }),
    'input/data/train/train.csv': '1,2\n',
  });
});

afterEach(async () => {
  for (const program of running) await program.stop(0);
});

async function image(files: Readonly<Record<string, string>>): Promise<Image> {
  const model = join(folder, 'model');
  await cp(shim, join(model, 'script_mode'), { recursive: true });
  await writeFiles(model, { 'pyproject.toml': programs, ...files });
  const store = new ImageStore(join(folder, 'images'), { environments });
  return store.open(await store.add(model, 'model'));
}

async function train(files: Readonly<Record<string, string>>) {
  const opened = await image(files);
  await opened.check?.();
  const program = await opened.start('train', { baseDir: base, env: {}, onLine: (line) => lines.push(line) });
  const { code } = await program.exited;
  const failure = await readFile(join(base, 'output/failure'), 'utf8').catch(() => null);
  return { code, failure, image: opened };
}

/** Starts `serve` and returns a function that sends it a request. */
async function serve(opened: Image, options: Partial<ProgramOptions> = {}) {
  await mkdir(join(base, 'model'), { recursive: true });
  const port = 30_000 + Math.floor(Math.random() * 20_000);
  const job = { baseDir: base, env: {}, port, onLine: (line: string) => lines.push(line), ...options };
  const program = await opened.start('serve', job);
  running.push(program);
  const ask = async (body: string, headers: Record<string, string> = {}) => {
    const answer = await fetch(`http://127.0.0.1:${port}/invocations`, {
      method: 'POST',
      body,
      headers: { 'Content-Type': 'text/csv', Accept: 'text/csv', ...headers },
    });
    return { status: answer.status, type: answer.headers.get('content-type'), body: await answer.text() };
  };
  for (;;) {
    const ping = await fetch(`http://127.0.0.1:${port}/ping`).catch(() => null);
    if (ping?.status === 200) return ask;
    await Promise.race([sleep(30), program.exited.then(() => Promise.reject(new Error(lines.join('\n'))))]);
  }
}

const keep = 'open(os.environ["SM_MODEL_DIR"] + "/m.txt", "w").write("3")';

test('a script gets its hyperparameters to the letter, and the variables of the training toolkit', async () => {
  const script = `
import argparse, json, os
if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--learning-rate", type=str)
    parser.add_argument("-C", type=str)
    parser.add_argument("--name", type=str)
    args = parser.parse_args()
    seen = {name: value for name, value in os.environ.items() if name.startswith("SM_")}
    print(json.dumps([vars(args), seen]))
    ${keep}
`;
  expect((await train({ 'train.py': script })).code).toBe(0);
  const [args, seen] = JSON.parse(lines[0] ?? '');
  expect(args).toEqual({ learning_rate: '0.10', C: '1E5', name: 'a b' });
  expect(seen).toMatchObject({
    SM_MODEL_DIR: join(base, 'model'),
    SM_OUTPUT_DATA_DIR: join(base, 'output/data'),
    SM_CHANNEL_TRAIN: join(base, 'input/data/train'),
    SM_CHANNEL_TRAINING: join(base, 'input/data/train'),
    SM_CHANNELS: '["train"]',
    SM_HOSTS: '["algo-1"]',
    SM_CURRENT_HOST: 'algo-1',
    'SM_HP_LEARNING-RATE': '0.10',
    SM_USER_ENTRY_POINT: 'train.py',
    SM_NUM_GPUS: expect.stringMatching(/^\d+$/),
  });
  expect(Number(seen.SM_NUM_CPUS)).toBeGreaterThan(0);
  expect(JSON.parse(seen.SM_HPS)).toEqual({ 'learning-rate': 0.1, C: 100000, name: 'a b' });
  expect(JSON.parse(seen.SM_USER_ARGS)).toEqual(['-C', '1E5', '--learning-rate', '0.10', '--name', 'a b']);
});

test('a letter that the script declares with two dashes is given with two', async () => {
  const script = `import os, sys\nDECLARED = "--C"\nprint(sys.argv[1])\n${keep}\n`;
  expect((await train({ 'train.py': script, 'inference.py': '' })).code).toBe(0);
  expect(lines).toEqual(['--C']);
});

test.each([
  ['train.py among helpers', { 'train.py': `import os, near\n${keep}`, 'near.py': '' }],
  ['the only script', { 'churn.py': `import os\nif __name__ == "__main__":\n    ${keep}` }],
])('the script: %s', async (_what, files) => {
  expect(await train(files)).toMatchObject({ code: 0, failure: null });
});

test('no clear script is told before anything runs', async () => {
  const opened = await image({ 'a.py': '', 'b.py': '' });
  await expect(opened.check?.()).rejects.toThrow('found a.py, b.py beside script_mode/, expected train.py');
});

test('a failing script: the whole traceback in its own file, and a reason with the place', async () => {
  const script = 'def fit():\n    raise ValueError("no rows")\nif __name__ == "__main__":\n    fit()\n';
  expect(await train({ 'train.py': script })).toMatchObject({
    code: 1,
    failure: 'ValueError: no rows (train.py, line 2)',
  });
  expect(lines.slice(0, 2)).toEqual([
    'Traceback (most recent call last):',
    '  model/train.py, line 4, in <module>',
  ]);
  expect(lines.join('\n')).not.toContain('script_mode');
});

test('a channel that the job does not have, and a script that leaves no model, each say what to do', async () => {
  const wanting = await train({
    'train.py': 'import os\nif __name__ == "__main__":\n    os.environ["SM_CHANNEL_TEST"]\n',
  });
  expect(wanting.failure).toBe(
    'KeyError: \'SM_CHANNEL_TEST\' (train.py, line 3): this job has the channels ["train"]; the pipeline keeps the holdout to itself, so take rows for a validation from the training channel',
  );
  await rm(join(folder, 'model'), { recursive: true });
  expect((await train({ 'train.py': '' })).failure).toBe(
    'train.py left nothing in SM_MODEL_DIR, expected the model that model_fn loads',
  );
});

const model = `
import os
class Model:
    def __init__(self, weight): self.weight = weight
def model_fn(model_dir):
    import pickle
    return pickle.load(open(os.path.join(model_dir, "m.pkl"), "rb"))
if __name__ == "__main__":
    import pickle
    pickle.dump(Model(3), open(os.environ["SM_MODEL_DIR"] + "/m.pkl", "wb"))
`;

test("input_fn, predict_fn and output_fn, with a class of the script's own in the model", async () => {
  const functions = `
def input_fn(body, content_type):
    if content_type != "text/csv":
        raise ValueError("no " + content_type)
    return [float(line.split(",")[1]) for line in body.splitlines()]
def predict_fn(data, model):
    return [model.weight * value for value in data]
def output_fn(prediction, accept):
    return "".join(f"{value}\\n" for value in prediction), accept
`;
  const { code, image: opened } = await train({ 'train.py': functions + model });
  expect(code).toBe(0);
  const ask = await serve(opened);
  expect(await ask('a,1\nb,2.5\n', { 'Content-Type': 'text/csv; charset=utf-8' })).toEqual({
    status: 200,
    type: 'text/csv',
    body: '3.0\n7.5\n',
  });
  expect(await ask('a,x\n')).toMatchObject({
    status: 500,
    body: "ValueError: could not convert string to float: 'x'",
  });
  // The answer may come before the lines.
  await eventually('the traceback is printed', () => lines.length >= 2);
  expect(lines.slice(0, 2)).toEqual([
    'Traceback (most recent call last):',
    expect.stringMatching(/^ {2}model\/train\.py, line 5, in input_fn$/),
  ]);
});

test('transform_fn does all three; functions may take a context; answers may be bytes or a response', async () => {
  const script = `
class Response:
    mimetype = "text/plain"
    def get_data(self): return b"whole\\n"
def model_fn(model_dir, context): return str(context)
def transform_fn(model, body, content_type, accept, context):
    return Response() if body == "r" else (f"{model} {body} {content_type} {accept}".encode(), "text/x")
`;
  const ask = await serve(await image({ 'train.py': '', 'inference.py': script }));
  expect(await ask('b')).toEqual({ status: 200, type: 'text/x', body: 'None b text/csv text/csv' });
  expect(await ask('r')).toEqual({ status: 200, type: 'text/plain', body: 'whole\n' });
});

test('defaults that need no library: what predict returns is written as each type', async () => {
  const script = `
def model_fn(model_dir): return None
def input_fn(body, content_type): return [[1, 0.5], ["a,b", 2]]
def predict_fn(data, model): return data
`;
  const ask = await serve(await image({ 'train.py': script }));
  expect((await ask('')).body).toBe('1,0.5\n"a,b",2\n');
  expect((await ask('', { Accept: 'application/jsonlines' })).body).toBe('[1, 0.5]\n["a,b", 2]\n');
  expect((await ask('', { Accept: 'application/json' })).body).toBe('[[1, 0.5], ["a,b", 2]]');
  expect((await ask('', { Accept: 'image/png' })).status).toBe(415);
});

test('several processes share the port; SIGTERM ends them all', async () => {
  const script = `
import os, time
def model_fn(model_dir): return os.getpid()
def transform_fn(model, body, content_type, accept):
    time.sleep(0.05)
    return str(model)
`;
  const env = { SAGEMAKER_MODEL_SERVER_WORKERS: '3' };
  const ask = await serve(await image({ 'train.py': script }), { env });
  const answers = await Promise.all(Array.from({ length: 30 }, () => ask('')));
  const pids = new Set(answers.map(({ body }) => Number(body)));
  expect(pids.size).toBeGreaterThan(1);
  await running[0]?.stop(5);
  expect(await running[0]?.exited).toEqual({ code: 0, signal: null });
  // Had one of them stayed, it would answer.
  await expect(ask('')).rejects.toThrow('fetch failed');
});

test('no model_fn: said at the start', async () => {
  await expect(serve(await image({ 'train.py': '' }))).rejects.toThrow('train.py has no model_fn(model_dir)');
});

test('every example has the same script_mode', async () => {
  const files = (await readdir(shim)).filter((name) => name.endsWith('.py'));
  expect(files).toContain('serve.py');
  for (const name of files)
    expect(readFileSync(resolve(examples, 'lightgbm/model/script_mode', name), 'utf8')).toBe(
      readFileSync(join(shim, name), 'utf8'),
    );
});
