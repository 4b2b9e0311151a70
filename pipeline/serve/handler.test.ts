import { expect, test } from '@jest/globals';
import type { CaptureEntry } from './capture.ts';
import { attrition, record } from './contract.fixture.ts';
import { type EndpointPort, predictionHandler } from './handler.ts';
import type { ServedModel } from './service.ts';

const model: ServedModel = {
  release: 'r1',
  contract: attrition(),
  invoke: async () => ({
    status: 200,
    contentType: 'text/csv',
    body: new TextEncoder().encode('0.75,Income,0.5,,\n'),
  }),
};

/** An event of an HTTP API, payload format 2.0. */
const event = (method: string, path: string, body: string | null = null) => ({
  version: '2.0',
  routeKey: '$default',
  rawPath: path,
  rawQueryString: '',
  headers: { 'content-type': 'application/json', host: 'x.execute-api.us-east-1.amazonaws.com' },
  requestContext: { http: { method, path, protocol: 'HTTP/1.1', sourceIp: '192.0.2.1' } },
  body,
  isBase64Encoded: false,
});

async function asked(port: Partial<EndpointPort>, ...given: Parameters<typeof event>) {
  const handler = predictionHandler({
    current: async () => model,
    keep: null,
    now: () => new Date('2026-11-27T12:00:00Z'),
    ...port,
  });
  const found = await handler(event(...given) as never, {} as never);
  return found as { statusCode: number; body: string; headers: Record<string, string> };
}

test('answers a record, and has kept it before it answers', async () => {
  const kept: CaptureEntry[] = [];
  const keep = async (entries: CaptureEntry[]) => {
    await new Promise((resume) => setTimeout(resume, 20));
    kept.push(...entries);
  };
  const { statusCode, body } = await asked({ keep }, 'POST', '/predict', JSON.stringify(record()));
  expect([statusCode, JSON.parse(body).predictions[0].decision]).toEqual([200, 'Yes']);
  expect(kept.map((entry) => entry.row_id)).toEqual(['17']);
});

test('answers although nothing can be kept', async () => {
  const keep = () => Promise.reject(new Error('no such bucket'));
  expect((await asked({ keep }, 'POST', '/predict', JSON.stringify(record()))).statusCode).toBe(200);
});

test('says what to do while nothing is released', async () => {
  const { statusCode, body, headers } = await asked({ current: async () => null }, 'POST', '/predict', '{}');
  expect([statusCode, headers['retry-after']]).toEqual([503, '5']);
  expect(body).toContain('mlops release --backend aws');
});

test('shows the page, and tells bad records', async () => {
  expect((await asked({}, 'GET', '/')).headers['content-type']).toMatch(/text\/html/);
  expect((await asked({}, 'POST', '/predict', '{}')).statusCode).toBe(400);
});
