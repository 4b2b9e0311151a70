import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import {
  CreateBucketCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import { beforeAll, expect, jest, test } from '@jest/globals';
import { s3Client } from '../aws/clients.ts';
import { startFakeCloud } from '../backends/aws/fakecloud.fixture.ts';
import { ensureEnvironment } from '../backends/embedded/images/python-environment.ts';
import { manifestOf, processingInput } from '../steps/train/job-parameters.ts';

/** The program as Glue and ECS start it, with what the image has, against a real S3 API. */
jest.setTimeout(240_000);

await startFakeCloud(4629);

const bucket = 'small-test-artifacts';
const s3 = s3Client();
const source = fileURLToPath(new URL('src', import.meta.url));
let python = '';

const put = (Key: string, Body: string) => s3.send(new PutObjectCommand({ Bucket: bucket, Key, Body }));
const read = async (Key: string): Promise<string> =>
  (await (await s3.send(new GetObjectCommand({ Bucket: bucket, Key }))).Body?.transformToString()) ?? '';
const keys = async (Prefix: string): Promise<string[]> => {
  const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket: bucket, Prefix }));
  return Contents.map(({ Key = '' }) => Key.slice(Prefix.length)).sort();
};

const settings = {
  problem: 'binary',
  format: 'csv',
  target: 'y',
  positive: 'yes',
  row_id: 'id',
  exclude: [],
  features_exclude: [],
  slices: [],
  holdout: 0.3,
  salt: 'small',
  content_type: 'text/csv',
  csv: { header: true, target: 'first' },
  source: 'data/rows.csv',
};
const rows = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, n) => `r${from + n},${n % 17},${n % 3 ? 'no' : 'yes'}`).join('\n');

beforeAll(async () => {
  ({ python } = await ensureEnvironment({
    requirements: fileURLToPath(new URL('requirements-image.txt', import.meta.url)),
    root: fileURLToPath(new URL('../../.mlops/environments', import.meta.url)),
    name: 'the prepare image (tests)',
    onProgress: console.error,
  }));
  await s3.send(new CreateBucketCommand({ Bucket: bucket }));
  await put('small/settings/1/prepare.json', JSON.stringify(settings));
  await put('small/data/1/rows.csv', `id,x,y\n${rows(0, 100)}\n`);
  await put('small/data/1/more/rows.csv', `id,x,y\n${rows(100, 200)}\n`);
  // What the console makes of a folder.
  await put('small/data/1/', '');
});

interface Job {
  /** By input: config, data, script. A text is a prefix. */
  inputs?: Record<string, string | ReturnType<typeof processingInput>>;
  maxRuntime?: number;
  /** The words that start the program. @default those of the task definition */
  start?: string[];
}

const uri = (key: string) => `s3://${bucket}/${key}`;

function run(name: string, job: Job = {}): Promise<{ code: number | null; text: string }> {
  const inputs = {
    config: uri('small/settings/1/prepare.json'),
    data: uri('small/data/1/'),
    ...job.inputs,
  };
  const listed = Object.entries(inputs).map(([key, at]) =>
    typeof at === 'string' ? processingInput(key, at) : at,
  );
  const child = spawn(
    python,
    [
      ...(job.start ?? ['-m', 'mlops_prepare.remote']),
      ...['--inputs', JSON.stringify(listed)],
      ...['--output', uri(`small/prepared/${name}/`)],
      ...['--failure', uri(`small/prepared/failures/${name}.json`)],
      ...['--max_runtime', String(job.maxRuntime ?? 60)],
    ],
    {
      env: {
        PATH: process.env.PATH,
        PYTHONPATH: source,
        AWS_ENDPOINT_URL: process.env.AWS_ENDPOINT_URL,
        AWS_DEFAULT_REGION: 'us-east-1',
        AWS_ACCESS_KEY_ID: 'test',
        AWS_SECRET_ACCESS_KEY: 'test',
      },
    },
  );
  let text = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => {
      text += chunk;
    });
  return new Promise((done) => child.once('close', (code) => done({ code, text })));
}

const failureOf = async (name: string): Promise<{ ExitMessage: string; FailureReason: string }> =>
  JSON.parse(await read(`small/prepared/failures/${name}.json`));

test('inputs come from S3, the program runs, and what it wrote goes back', async () => {
  const { code, text } = await run('done');
  expect([code, text]).toEqual([0, expect.stringMatching(/^\d+ training rows, \d+ held out, 1 features\n$/)]);
  expect(await keys('small/prepared/done/')).toEqual([
    'holdout/holdout.csv',
    'manifest/manifest.json',
    'reference/columns.json',
    'train/train.csv',
    'trained/rows.bin',
  ]);
  const { files } = JSON.parse(await read('small/prepared/done/manifest/manifest.json'));
  expect(files.train.rows + files.holdout.rows).toBe(200);
  expect(await keys('small/prepared/failures/done')).toEqual([]);
});

test('a manifest names exactly the objects that are copied', async () => {
  await put('small/lists/data.json', manifestOf(uri('small/data/1/'), ['more/rows.csv']));
  const inputs = { data: processingInput('data', uri('small/lists/data.json'), 'ManifestFile') };
  expect(await run('listed', { inputs })).toMatchObject({ code: 0 });
  const { files } = JSON.parse(await read('small/prepared/listed/manifest/manifest.json'));
  expect(files.train.rows + files.holdout.rows).toBe(100);
  for (const [text, why] of [
    [manifestOf(uri('small/data/1/'), []), /^RemoteError: manifest s3:.*expected a JSON list/],
    [manifestOf(uri('small/data/1/'), ['none.csv']), /Not Found/],
    [manifestOf(uri('small/data/1/'), ['../1/rows.csv']), /expected a key without \.\./],
  ] as const) {
    await put('small/lists/data.json', text);
    expect((await run('refused', { inputs })).code).toBe(1);
    expect((await failureOf('refused')).ExitMessage).toMatch(why);
  }
});

test('as the script of a Glue job, among the arguments that Glue adds', async () => {
  const script = fileURLToPath(new URL('glue.py', import.meta.url));
  const { code, text } = await run('glue', {
    start: [script, '--JOB_NAME', 'prepare', '--job-language', 'python'],
  });
  expect([code, text]).toEqual([0, expect.stringContaining('training rows')]);
  expect(await read('small/prepared/glue/train/train.csv')).toBe(
    await read('small/prepared/done/train/train.csv'),
  );
});

test.each([
  ['data that breaks its contract', { data: 'id,x\n1,2\n' }, /^DataContractError: data\/rows.csv: .*"y"/],
  ['settings that say too little', { config: '{}' }, /^ConfigError: prepare.json: content_type must be/],
  [
    'a script that fails',
    { script: 'def transform(frame):\n    return frame["none"]\n' },
    /^PrepareScriptError: prepare.py: [\s\S]*KeyError: 'none'/,
  ],
] as const)(
  '%s: the reason is in S3 under its own name, and nothing is written',
  async (_what, files, message) => {
    const name = Object.keys(files)[0] ?? '';
    const inputs: Record<string, string> = {};
    for (const [input, text] of Object.entries(files)) {
      const key = `small/broken/${name}/${{ config: 'prepare.json', data: 'rows.csv', script: 'prepare.py' }[input]}`;
      await put(key, text);
      inputs[input] = uri(key);
    }
    const { code, text } = await run(name, { inputs });
    expect(code).toBe(1);
    expect(text).toMatch(new RegExp(message.source.slice(1)));
    const failure = await failureOf(name);
    expect(failure.ExitMessage).toMatch(message);
    expect(failure.FailureReason).toMatch(/^AlgorithmError: /);
    expect(await keys(`small/prepared/${name}/`)).toEqual([]);
  },
);

test('a program that takes too long is ended, and says what to raise', async () => {
  await put('small/slow/prepare.py', 'import time\n\ndef transform(frame):\n    time.sleep(600)\n');
  const { code } = await run('slow', { inputs: { script: uri('small/slow/prepare.py') }, maxRuntime: 3 });
  expect(code).toBe(1);
  expect((await failureOf('slow')).ExitMessage).toMatch(
    /^TimeLimitError: .* 3 seconds; raise prepare.max_runtime/,
  );
});

test('a program that is killed for want of memory is told as such', async () => {
  await put('small/large/prepare.py', 'import os\n\ndef transform(frame):\n    os.kill(os.getpid(), 9)\n');
  await run('large', { inputs: { script: uri('small/large/prepare.py') } });
  expect((await failureOf('large')).ExitMessage).toMatch(/^MemoryLimitError: .*larger prepare.instance.type/);
});

test('an input that is not there is named', async () => {
  const { code } = await run('missing', { inputs: { data: uri('small/none/') } });
  expect(code).toBe(1);
  expect((await failureOf('missing')).ExitMessage).toContain(
    `no S3 objects found under ${uri('small/none/')}`,
  );
});
