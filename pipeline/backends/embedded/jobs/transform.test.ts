import { mkdir, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import type { CreateTransformJob } from './api.ts';
import { pack } from './archive.ts';
import type { Waits } from './context.ts';
import { failedJob, failure, IMAGE, running, TestBed } from './image.fixture.ts';
import { leftFiles } from './left-files.ts';

function job(more: Partial<CreateTransformJob> = {}): CreateTransformJob {
  return {
    TransformJobName: 'score-1',
    ModelName: 'model-1',
    TransformInput: {
      DataSource: { S3DataSource: { S3DataType: 'S3Prefix', S3Uri: 's3://data/holdout.csv' } },
      ContentType: 'text/csv',
      SplitType: 'Line',
    },
    TransformOutput: { S3OutputPath: 's3://out/scores', Accept: 'text/csv', AssembleWith: 'Line' },
    ModelClientConfig: { InvocationsMaxRetries: 0 },
    TransformResources: { InstanceCount: 1, InstanceType: 'ml.m5.large' },
    ...more,
  };
}

const jsonLines: Partial<CreateTransformJob> = {
  TransformInput: { ...job().TransformInput, ContentType: 'application/jsonlines' },
  TransformOutput: { ...job().TransformOutput, Accept: 'application/jsonlines' },
};

async function bed(serve: string, holdout: string | Buffer, waits = {}): Promise<TestBed> {
  const it = await TestBed.make({ serve }, waits);
  await it.put('s3://data/holdout.csv', holdout);
  const archive = await it.put('s3://out/model.tar.gz', '');
  const model = join(it.path('s3://out'), '..', '..', 'model');
  await mkdir(model);
  await writeFile(join(model, 'weight'), '10');
  const left = (await leftFiles(model, '', 1)) ?? { files: [], folders: [] };
  await pack(model, left, it.path(archive), new AbortController().signal);
  const answer = await it.sagemaker.createModel({
    ModelName: 'model-1',
    ExecutionRoleArn: 'arn:aws:iam::000000000000:role/jobs',
    PrimaryContainer: { Image: IMAGE, ModelDataUrl: archive, Environment: { OF_MODEL: 'm', BOTH: 'm' } },
  });
  expect(answer.ModelArn).toMatch(/:model\/model-1$/);
  return it;
}

/** Answers each line with its text doubled, and logs what came. */
const echo = `serve((body, request) => {
  const seen = { body, type: request.headers['content-type'], accept: request.headers.accept };
  console.log(JSON.stringify(seen).replaceAll('\\u2028', '\\\\u2028')); // readline would split there
  return lines(body).map((line) => '<' + line + '>').join('\\n') + '\\n';
});`;

async function requests(it: TestBed): Promise<{ body: string; type: string; accept: string }[]> {
  const log = await it.file('transform-job/score-1/log.txt');
  return log
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line));
}

test('a transform serves the unpacked model and answers each line, in order', async () => {
  await using it = await bed(
    `const weight = Number(read('model/weight'));
     console.log(JSON.stringify(process.env));
     serve((body) => lines(body).map((line) => Number(line) * weight).join('\\n'));`,
    '1\n2\n3',
  );
  const described = await it.sagemaker.createTransformJob(
    job({ Environment: { BOTH: 'job' }, MaxPayloadInMB: 4, BatchStrategy: 'MultiRecord' }),
    it.context,
  );
  expect(described).toMatchObject({
    TransformJobName: 'score-1',
    TransformJobArn: 'arn:aws:sagemaker:local:000000000000:transform-job/score-1',
    TransformJobStatus: 'Completed',
    TransformOutput: { S3OutputPath: 's3://out/scores' },
  });
  expect(await it.get('s3://out/scores/holdout.csv.out')).toBe('10\n20\n30\n');
  const env = JSON.parse(await it.logged('transform-job/score-1', /\{.*\}/));
  expect(env).toMatchObject({
    SAGEMAKER_BATCH: 'true',
    SAGEMAKER_MAX_PAYLOAD_IN_MB: '4',
    SAGEMAKER_BATCH_STRATEGY: 'MULTI_RECORD',
    OF_MODEL: 'm',
    BOTH: 'job',
  });
  expect(env).not.toHaveProperty('SAGEMAKER_MAX_CONCURRENT_TRANSFORMS');
});

test('the model sees features only; row id, label and slices are joined to its answer', async () => {
  const rows = ['007,1,"a ""b"", c",0.50,x', '8,0,d,1e3,"y,z"'];
  await using it = await bed(
    `serve((body) => { console.log(JSON.stringify({ body })); return '0.25,"e,1"\\r\\n0.75,f\\r\\n'; });`,
    `${rows.join('\r\n')}\r\n`,
  );
  await it.sagemaker.createTransformJob(
    job({ DataProcessing: { InputFilter: '$[3:]', JoinSource: 'Input', OutputFilter: '$[0,1,2,5:]' } }),
    it.context,
  );
  expect((await requests(it))[0]?.body).toBe('0.50,x\n1e3,"y,z"\n');
  expect(await it.get('s3://out/scores/holdout.csv.out')).toBe(
    '007,1,"a ""b"", c",0.25,"e,1"\n8,0,d,0.75,f\n',
  );
});

test('JSON Lines are joined under SageMakerOutput', async () => {
  await using it = await bed(
    `serve((body) => lines(body).map((line) => { console.log(line); return JSON.stringify(JSON.parse(line).x * 2); }).join('\\n'));`,
    '{"row_id": 90071992547409931, "label": 1, "features": {"x": 1.50}}\n{"row_id": "b", "label": 0, "features": {"x": 4}}\n',
  );
  await it.sagemaker.createTransformJob(
    job({
      ...jsonLines,
      DataProcessing: {
        InputFilter: '$.features',
        JoinSource: 'Input',
        OutputFilter: "$['row_id','label','SageMakerOutput']",
      },
    }),
    it.context,
  );
  expect(await it.file('transform-job/score-1/log.txt')).toBe('{"x":1.50}\n{"x":4}\n');
  expect(await it.get('s3://out/scores/holdout.csv.out')).toBe(
    '{"row_id":90071992547409931,"label":1,"SageMakerOutput":3}\n{"row_id":"b","label":0,"SageMakerOutput":8}\n',
  );
});

test('without filters rows pass byte for byte, with the bare content type', async () => {
  const rows = '\ufeffa, "b" ,é\n"unclosed\u2028,x\n\n';
  await using it = await bed(echo, rows);
  await it.sagemaker.createTransformJob(job(), it.context);
  expect(await requests(it)).toEqual([{ body: rows, type: 'text/csv', accept: 'text/csv' }]);
  expect(await it.get('s3://out/scores/holdout.csv.out')).toBe(
    '<\ufeffa, "b" ,é>\n<"unclosed\u2028,x>\n<>\n',
  );
});

test('requests hold as many lines as the payload allows, some at once, and the output keeps the order', async () => {
  const row = 'x'.repeat(300_000);
  await using it = await bed(
    `let most = 0; let now = 0;
     serve(async (body) => {
       most = Math.max(most, ++now);
       const all = lines(body);
       await new Promise((resolve) => setTimeout(resolve, all[0].startsWith('0') ? 200 : 20));
       now--;
       console.log(JSON.stringify({ body: String(all.length), type: String(most) }));
       return all.map((line) => line.slice(0, 2)).join('\\n');
     });`,
    Array.from({ length: 9 }, (_, i) => `${i}${row}\n`).join(''),
  );
  await it.sagemaker.createTransformJob(job({ MaxPayloadInMB: 1, MaxConcurrentTransforms: 2 }), it.context);
  expect(await it.get('s3://out/scores/holdout.csv.out')).toBe('0x\n1x\n2x\n3x\n4x\n5x\n6x\n7x\n8x\n');
  const seen = await requests(it);
  expect(seen.map(({ body }) => body)).toEqual(['3', '3', '3']);
  expect(seen.at(-1)?.type).toBe('2');
});

/** A server with these execution parameters, which logs how many requests it has at a time, and their lines. */
const asking = (parameters: string) => `
  let now = 0;
  http.createServer((request, response) => {
    if (request.url === '/ping') return response.end();
    if (request.url === '/execution-parameters') return response.end(${JSON.stringify(parameters)});
    let body = '';
    now++;
    request.on('data', (chunk) => (body += chunk)).on('end', () => setTimeout(() => {
      console.log('SEEN', now, lines(body).length);
      now--;
      response.end(body);
    }, 100));
  }).listen(Number(process.env.SAGEMAKER_BIND_TO_PORT));`;

async function seenBy(parameters: string, more: Partial<CreateTransformJob> = {}): Promise<string[]> {
  const lines = Array.from({ length: 6 }, (_, i) => `${i}${'x'.repeat(300_000)}\n`).join('');
  await using it = await bed(asking(parameters), lines);
  await it.sagemaker.createTransformJob(job(more), it.context);
  expect(await it.get('s3://out/scores/holdout.csv.out')).toBe(lines);
  const log = await it.file('transform-job/score-1/log.txt');
  return log.split('\n').filter((line) => line.startsWith('SEEN'));
}

test('where the job leaves it open, serve says how it is called', async () => {
  const all = '{"MaxConcurrentTransforms": 2, "MaxPayloadInMB": 1, "BatchStrategy": "MULTI_RECORD"}';
  const asked = await seenBy(all, { MaxConcurrentTransforms: 0 });
  expect(asked).toContain('SEEN 2 3');
  expect(await seenBy(all, { MaxConcurrentTransforms: 1 })).toEqual(['SEEN 1 3', 'SEEN 1 3']);
  const single = await seenBy('{"BatchStrategy": "SINGLE_RECORD"}');
  expect(single).toEqual(Array.from({ length: 6 }, () => 'SEEN 1 1'));
  for (const none of ['{"MaxConcurrentTransforms": "many", "MaxPayloadInMB": -1}', '[]', 'no'])
    expect(await seenBy(none)).toEqual(['SEEN 1 6']);
});

test('more than a job may send at a time is not taken from serve', async () => {
  await using it = await bed(asking('{"MaxConcurrentTransforms": 50}'), 'x\n');
  expect(await reason(it)).toBe(
    'ClientError: with what serve answers to GET /execution-parameters: ' +
      'MaxConcurrentTransforms x MaxPayloadInMB: expected at most 100, found 50 x 6',
  );
});

test('lines that lie across the blocks in which a file is read stay whole', async () => {
  const lines = Array.from({ length: 3000 }, (_, row) => `${row}-é${'x'.repeat((row * 37) % 211)}`);
  await using it = await bed(echo, lines.map((line, row) => line + (row % 2 ? '\r\n' : '\n')).join(''));
  await it.sagemaker.createTransformJob(job(), it.context);
  expect(await it.get('s3://out/scores/holdout.csv.out')).toBe(lines.map((line) => `<${line}>\n`).join(''));
});

test('a single record is one line', async () => {
  await using it = await bed(echo, 'a\nb\n');
  await it.sagemaker.createTransformJob(job({ BatchStrategy: 'SingleRecord' }), it.context);
  expect((await requests(it)).map(({ body }) => body)).toEqual(['a\n', 'b\n']);
});

test('every file under the prefix gets its own output, an empty one an empty output', async () => {
  await using it = await bed(echo, '');
  await it.put('s3://data/parts/1.csv', 'a\n');
  await it.put('s3://data/parts/deep/2.csv', '');
  const input = job().TransformInput;
  await it.sagemaker.createTransformJob(
    job({
      TransformInput: {
        ...input,
        DataSource: { S3DataSource: { S3DataType: 'S3Prefix', S3Uri: 's3://data/parts/' } },
      },
    }),
    it.context,
  );
  expect(await it.get('s3://out/scores/1.csv.out')).toBe('<a>\n');
  expect(await it.get('s3://out/scores/deep/2.csv.out')).toBe('');
});

async function reason(it: TestBed, more: Partial<CreateTransformJob> = {}): Promise<string> {
  const described = await failedJob(it.sagemaker.createTransformJob(job(more), it.context));
  expect(described.TransformJobStatus).toBe('Failed');
  expect((await it.stored()).filter((name) => name.startsWith('out/scores'))).toEqual([]);
  return described.FailureReason as string;
}

test('a server that is not ready is waited for; one that never is, ends the job', async () => {
  const slow = (until: number) => `
    let asked = 0;
    http.createServer((request, response) => {
      response.statusCode = request.url === '/ping' && ++asked < ${until} ? 503 : 200;
      request.resume().on('end', () => response.end(request.url === '/ping' ? '' : 'y'));
    }).listen(Number(process.env.SAGEMAKER_BIND_TO_PORT));`;
  await using ready = await bed(slow(3), 'x\n');
  await ready.sagemaker.createTransformJob(job(), ready.context);
  await using never = await bed(slow(1e9), 'x\n', { ping: 3 });
  expect(await reason(never)).toBe(
    'AlgorithmError: serve did not answer GET /ping with 200 within 3 s; last: status 503',
  );
});

test('a server that dies before it is ready fails the job at once, with its log', async () => {
  await using it = await bed(`console.error('no module named sklearn'); process.exit(3);`, 'x\n');
  const described = await failedJob(it.sagemaker.createTransformJob(job(), it.context));
  expect(described.FailureReason).toBe('AlgorithmError: serve ended, exit code: 3');
  expect(described.LogTail).toEqual(['no module named sklearn']);
});

test('a server that dies at a request fails the job with its exit, retries or not', async () => {
  await using it = await bed(`serve(() => process.exit(9));`, 'x\n');
  expect(await reason(it, { ModelClientConfig: { InvocationsMaxRetries: 3 } })).toMatch(
    /^AlgorithmError: serve ended, exit code: 9/,
  );
});

test.each([
  [413, 'ClientError', /413 \(payload too large: lower MaxPayloadInMB\)/],
  [415, 'ClientError', /415 \(it does not take text\/csv\)/],
  [500, 'AlgorithmError', /500\./],
])('an answer of %i fails the job as %s with what the server said', async (status, kind, pattern) => {
  await using it = await bed(`serve(() => [${status}, 'because of this']);`, 'x\ny\n');
  const found = await reason(it);
  expect(found.startsWith(`${kind}: Bad HTTP status received from algorithm: ${status}`)).toBe(true);
  expect(found).toMatch(pattern);
  expect(found).toContain('because of this [holdout.csv, lines 1 to 2]');
});

test('a server that refuses a large payload unread fails the job with what to change', async () => {
  await using it = await bed(
    `http.createServer((request, response) => {
       if (request.url === '/ping') return response.end();
       response.writeHead(413).end('at most 1 MB');
     }).listen(Number(process.env.SAGEMAKER_BIND_TO_PORT));`,
    `${'x'.repeat(99)}\n`.repeat(50_000),
  );
  // The answer is lost where the system sees the connection closed before it.
  expect(await reason(it)).toMatch(
    /(413|EPIPE|ECONNRESET) \(payload too large\??[:)]? ?.*lower MaxPayloadInMB\)/,
  );
});

test('a server that closes the connection on a small payload fails the job, which names its log', async () => {
  await using it = await bed(
    `http.createServer((request, response) => {
       if (request.url === '/ping') return response.end();
       request.socket.destroy();
     }).listen(Number(process.env.SAGEMAKER_BIND_TO_PORT));`,
    'x\n',
  );
  const found = await reason(it, { ModelClientConfig: { InvocationsMaxRetries: 0 } });
  expect(found).toContain('serve closed the connection before it answered; its log says why');
  expect(found).not.toContain('MaxPayloadInMB');
});

test('a busy server is asked again, as often as the job allows', async () => {
  const flaky = `let n = 0; serve((body) => (++n < 3 ? [503, 'busy ' + n] : body));`;
  await using it = await bed(flaky, 'x\n');
  await it.sagemaker.createTransformJob(job({ ModelClientConfig: { InvocationsMaxRetries: 2 } }), it.context);
  expect(await it.get('s3://out/scores/holdout.csv.out')).toBe('x\n');
  await using other = await bed(flaky, 'x\n');
  expect(await reason(other, { ModelClientConfig: { InvocationsMaxRetries: 1 } })).toContain('busy 2');
});

test('a server that does not answer in time fails the job', async () => {
  await using it = await bed(`serve(() => new Promise(() => {}));`, 'x\n');
  expect(
    await reason(it, { ModelClientConfig: { InvocationsMaxRetries: 0, InvocationsTimeoutInSeconds: 1 } }),
  ).toContain('no answer within 1 s');
});

test('any other number of lines than records fails the job', async () => {
  await using it = await bed(`serve(() => '0.5\\n0.6');`, 'x\ny\nz\n');
  expect(await reason(it)).toBe(
    'AlgorithmError: holdout.csv, lines 1 to 3: expected one line for each of 3 records, found 2: 0.5\\n0.6',
  );
});

test('bad rows and bad answers are named by line', async () => {
  await using broken = await bed(echo, 'a,b\n"c,d\n');
  expect(await reason(broken, { DataProcessing: { InputFilter: '$[1:]' } })).toMatch(
    /^ClientError: holdout\.csv, line 2: misplaced quote in field 1/,
  );
  await using narrow = await bed(echo, 'a,b\nc\n');
  expect(await reason(narrow, { DataProcessing: { InputFilter: '$[1:]' } })).toMatch(
    /line 2: .*beyond the 1/,
  );
  await using answer = await bed(`serve(() => '0.5,x');`, '{"id":1}\n');
  expect(await reason(answer, { ...jsonLines, DataProcessing: { JoinSource: 'Input' } })).toMatch(
    /^AlgorithmError: holdout\.csv, line 1: expected JSON/,
  );
  await using latin = await bed(echo, Buffer.from([0x61, 0xe9, 0x0a]));
  expect(await reason(latin)).toBe('ClientError: holdout.csv: expected UTF-8');
  await using large = await bed(echo, `a\n${'x'.repeat(2 ** 20)}\n`);
  expect(await reason(large, { MaxPayloadInMB: 1 })).toMatch(
    /^ClientError: holdout\.csv, line 2: 1048577 bytes/,
  );
});

test('model data that is no archive is a failure that says so', async () => {
  await using it = await bed(echo, 'x\n');
  await it.put('s3://out/model.tar.gz', 'not an archive');
  expect(await reason(it)).toMatch(/^ClientError: model data s3:\/\/out\/model\.tar\.gz: expected a tar\.gz/);
});

test('abort ends the server, even one that ignores SIGTERM', async () => {
  await using it = await bed(
    `process.on('SIGTERM', () => {}); console.log('pid ' + process.pid);
     serve(() => { console.log('asked'); return new Promise(() => {}); });`,
    'x\n',
    { abort: 0.2, end: 60 },
  );
  const call = failure(it.sagemaker.createTransformJob(job(), it.context));
  await it.logged('transform-job/score-1', /asked/);
  const pid = Number(await it.logged('transform-job/score-1', /(?<=pid )\d+/));
  it.abort();
  expect((await call).name).toBe('AbortError');
  expect(await running([pid])).toEqual([]);
  expect(await it.json('transform-job/score-1/describe.json')).toMatchObject({
    TransformJobStatus: 'Stopped',
  });
});

test('what the service would refuse is refused', async () => {
  await using it = await bed(echo, 'x\n');
  const refused = async (more: Partial<CreateTransformJob>) => {
    const error = await failure(it.sagemaker.createTransformJob(job(more), it.context));
    expect(error.name).toBe('SageMaker.ValidationException');
    return error.message;
  };
  expect(await refused({ MaxPayloadInMB: 60, MaxConcurrentTransforms: 2 })).toContain(
    'at most 100, found 2 x 60',
  );
  const output = { ...job().TransformOutput, Accept: 'application/json' };
  expect(await refused({ TransformOutput: output, DataProcessing: { JoinSource: 'Input' } })).toContain(
    'TransformOutput.Accept: DataProcessing expects the ContentType text/csv, found application/json',
  );
  expect(await refused({ DataProcessing: { InputFilter: '$.features' } })).toContain(
    'DataProcessing.InputFilter: filter "$.features": for CSV expected indexes',
  );
  expect(await refused({ DataProcessing: { OutputFilter: `$[0${',1'.repeat(40)}]` } })).toContain(
    'DataProcessing.OutputFilter',
  );
  expect(await refused({ ModelName: 'other' })).toContain('Could not find model');
});

test('a model is made once, needs its data, and can be deleted', async () => {
  await using it = await bed(echo, 'x\n');
  const model = (ModelName: string, ModelDataUrl: string) => ({
    ModelName,
    PrimaryContainer: { Image: IMAGE, ModelDataUrl },
  });
  expect(await failure(it.sagemaker.createModel(model('model-1', 's3://out/model.tar.gz')))).toMatchObject({
    name: 'SageMaker.ValidationException',
    message: expect.stringContaining('already existing'),
  });
  expect(await failure(it.sagemaker.createModel(model('model-2', 's3://out/none.tar.gz')))).toMatchObject({
    message: 'CreateModel: could not find model data at s3://out/none.tar.gz',
  });
  await it.sagemaker.deleteModel({ ModelName: 'model-1' });
  expect((await failure(it.sagemaker.deleteModel({ ModelName: 'model-1' }))).message).toContain(
    'Could not find model',
  );
});

describe('a serve that cannot be reached', () => {
  /** Answers GET with this status on an address, whatever the job asks for. */
  const answers = (address: string, status = 200) =>
    `console.log('ready'); http.createServer((_, response) => response.writeHead(${status}).end()).listen(${address});`;

  async function failureOf(
    serve: string,
    waits: Partial<Waits>,
  ): Promise<[reason: string, notes: string[], log: unknown]> {
    await using it = await bed(serve, 'x\n', waits);
    const { FailureReason, LogTail } = await failedJob(it.sagemaker.createTransformJob(job(), it.context));
    return [String(FailureReason), it.notes, LogTail];
  }

  test('a port of its own: which, and what it printed, long before the time is over', async () => {
    const [reason, , log] = await failureOf(answers('48080'), { elsewhere: 0.2 });
    expect(reason).toMatch(
      /^AlgorithmError: nothing listens on SAGEMAKER_BIND_TO_PORT=\d+; serve listens on 48080\. Let it take its port from that variable/,
    );
    expect(log).toEqual(['ready']);
  });

  test('a port that has no model, such as one for metrics, is only told', async () => {
    const [reason, notes] = await failureOf(answers('48081', 404), { elsewhere: 0.05, quiet: 0.3, ping: 3 });
    expect(reason).toContain('did not answer GET /ping with 200 within 3 s');
    expect(notes.at(-1)).toContain('; it listens on 48081; its last lines:');
  });

  test('an address that 127.0.0.1 does not reach', async () => {
    const [reason] = await failureOf(answers("Number(process.env.SAGEMAKER_BIND_TO_PORT), '::1'"), {
      elsewhere: 0.2,
    });
    expect(reason).toMatch(
      /SAGEMAKER_BIND_TO_PORT=(\d+); serve listens on \[::1\]:\1\. Let it listen on 127\.0\.0\.1 where SAGEMAKER_BASE_DIR is set/,
    );
  });

  test('a second port beside the right one is no mistake', async () => {
    const second = 'http.createServer((_, response) => response.end()).listen(0);';
    const late = `${second} setTimeout(() => { ${echo} }, 300);`;
    await using it = await bed(late, 'x\n');
    await it.sagemaker.createTransformJob(job(), it.context);
    expect(await it.get('s3://out/scores/holdout.csv.out')).toBe('<x>\n');
  });

  test('the answer of another program on the port counts for nothing', async () => {
    // It has neither the group nor the environment of the job, as the serve of another run that took the port first.
    const other = `
      const code = "require('http').createServer((_, answer) => answer.end()).listen(" + process.env.SAGEMAKER_BIND_TO_PORT + ")";
      const child = spawn(process.execPath, ['-e', code], { detached: true, env: {}, stdio: 'ignore' });
      console.log('pid ' + child.pid);
      forever();`;
    await using it = await bed(other, 'x\n', { ping: 2 });
    const failed = failedJob(it.sagemaker.createTransformJob(job(), it.context));
    const pid = Number((await it.logged('transform-job/score-1', /pid (\d+)/)).slice(4));
    try {
      expect((await failed).FailureReason).toMatch(/last: another program listens on port \d+$/);
    } finally {
      process.kill(pid);
    }
  });

  test('silence is told, with the last lines, while it lasts', async () => {
    const [reason, notes] = await failureOf("console.log('loading the model'); forever();", {
      ping: 3,
      quiet: 0.3,
    });
    expect(reason).toContain('did not answer GET /ping with 200 within 3 s');
    expect(notes[0]).toMatch(
      /^still waiting for serve: after 0\.3 s GET \/ping has not answered 200 on port \d+ /,
    );
    expect(notes.at(-1)).toMatch(/ \(.*ECONNREFUSED.*\); its last lines:\n {4}\| loading the model$/);
  });
});

test('a serve that others on the network can reach is told of, and one on 127.0.0.1 is not', async () => {
  const listen = (host: string) =>
    `http.createServer((request, response) => response.end('1\\n')).listen(Number(process.env.SAGEMAKER_BIND_TO_PORT), '${host}');`;
  await using open = await bed(listen('0.0.0.0'), 'x\n');
  await open.sagemaker.createTransformJob(job(), open.context);
  expect(open.notes).toEqual([
    expect.stringMatching(/others on this network can reach it.*listen on 127\.0\.0\.1/),
  ]);
  await using closed = await bed(listen('127.0.0.1'), 'x\n');
  await closed.sagemaker.createTransformJob(job(), closed.context);
  expect(closed.notes).toEqual([]);
});

describe('an answer or a file without bounds', () => {
  test('an answer without end is cut off and told, once', async () => {
    const without = `let asked = 0; http.createServer((request, response) => {
      if (request.url !== '/invocations') return response.end();
      console.log('asked ' + ++asked);
      const more = () => { while (response.write('x'.repeat(1 << 20))); };
      response.on('drain', more); more();
    }).listen(Number(process.env.SAGEMAKER_BIND_TO_PORT));`;
    await using it = await bed(without, '1\n');
    const described = await failedJob(it.sagemaker.createTransformJob(job(), it.context));
    expect(described.FailureReason).toContain('is not taken: it answers more than 100 MB');
    expect((described.LogTail as string[]).filter((line) => line.startsWith('asked'))).toEqual(['asked 1']);
  });

  test('millions of empty lines are counted, not kept', async () => {
    await using it = await bed(`serve(() => '\\n'.repeat(20e6));`, '1\n2\n');
    const described = await failedJob(it.sagemaker.createTransformJob(job(), it.context));
    expect(described.FailureReason).toContain('expected one line for each of 2 records, found 20000000: \\n');
  });

  test('an error text of megabytes is quoted at its beginning', async () => {
    await using it = await bed(`serve(() => [400, 'no'.repeat(20e6)]);`, '1\n');
    const described = await failedJob(it.sagemaker.createTransformJob(job(), it.context));
    expect(described.FailureReason).toMatch(/Bad HTTP status received from algorithm: 400.*(no){200}/);
  });

  test('a line without end is refused before it is read whole', async () => {
    await using it = await bed(`serve(() => '1\\n');`, '1\n');
    await truncate(it.path('s3://data/holdout.csv'), 2 ** 40);
    const described = await failedJob(it.sagemaker.createTransformJob(job(), it.context));
    expect(described.FailureReason).toMatch(
      /holdout.csv, line 2: it does not end within \d{7} bytes, and MaxPayloadInMB allows 6291456/,
    );
  });

  test('a line of a million columns goes through', async () => {
    await using it = await bed(
      `serve((body) => lines(body).map((line) => line.split(',').length).join('\\n') + '\\n');`,
      `${'1,'.repeat(999_999)}1\n`,
    );
    await it.sagemaker.createTransformJob(job(), it.context);
    expect(await it.get('s3://out/scores/holdout.csv.out')).toBe('1000000\n');
  });
});
