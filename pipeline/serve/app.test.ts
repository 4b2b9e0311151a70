import { describe, expect, test } from '@jest/globals';
import { predictionApp } from './app.ts';
import type { CaptureEntry } from './capture.ts';
import { attrition, record } from './contract.fixture.ts';
import type { Contract } from './contract.ts';
import { type ModelReply, ModelUnreachableError, type Service, type ServiceState } from './service.ts';

const text = (body: string, status = 200): ModelReply => ({
  status,
  contentType: 'text/csv',
  body: new TextEncoder().encode(body),
});

const state: ServiceState = {
  release: 'r1',
  package: 'attrition/3',
  since: '2026-11-27T12:00:00Z',
  starting: null,
  failed: null,
  capture: { on: true, dropped: 0 },
};

/** A service whose model answers as the function says. */
class FakeService implements Service {
  kept: CaptureEntry[] = [];
  asked: { body: string; type: string; accept: string | undefined }[] = [];
  contract: Contract | null = attrition();
  told: ServiceState = state;
  answer: (body: string) => ModelReply = (body) =>
    text(body.replace(/.*\n/g, '0.75,Income,0.5,Role,-0.25\n'));
  howToRelease = 'run `npx mlops release`';

  async use<T>(work: Parameters<Service['use']>[0]): Promise<T> {
    const { contract } = this;
    if (contract === null) return (await work(null)) as T;
    const invoke = async (body: string | Uint8Array, type: string, accept?: string) => {
      this.asked.push({
        body: typeof body === 'string' ? body : new TextDecoder().decode(body),
        type,
        accept,
      });
      return this.answer(this.asked.at(-1)?.body ?? '');
    };
    return (await work({ release: 'r1', contract, invoke })) as T;
  }
  state = () => this.told;
  keep = (entries: () => CaptureEntry[]) => void this.kept.push(...entries());
  now = () => new Date('2026-11-27T12:00:00Z');
}

const json = { 'Content-Type': 'application/json' };
const post = (service: Service, body: unknown, headers: Record<string, string> = json, path = '/predict') =>
  predictionApp(service).request(path, {
    method: 'POST',
    headers,
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });

describe('POST /predict', () => {
  test('asks the model in its own form and answers each record', async () => {
    const service = new FakeService();
    const response = await post(service, { records: [record(), record({ Id: 18, Role: 'New' })] });
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({
      predictions: [
        {
          id: '17',
          score: 0.75,
          decision: 'Yes',
          contributions: [
            { name: 'Income', value: 0.5 },
            { name: 'Role', value: -0.25 },
          ],
          package: 'attrition/3',
        },
        expect.objectContaining({ id: '18', unseen: ['Role'] }),
      ],
    });
    expect(service.asked).toEqual([
      { body: '5993,true,Clerk,likes it\n5993,true,New,likes it\n', type: 'text/csv', accept: 'text/csv' },
    ]);
    expect(service.kept.map((entry) => [entry.row_id, entry.score])).toEqual([
      ['17', 0.75],
      ['18', 0.75],
    ]);
  });

  test('tells every problem, and asks the model nothing', async () => {
    const service = new FakeService();
    const response = await post(service, [record({ Income: 'x' }), record({ Role: 1 })]);
    expect(response.status).toBe(400);
    expect(await response.json()).toEqual({
      errors: [
        { record: 1, column: 'Income', message: expect.stringContaining('got "x"') },
        { record: 2, column: 'Role', message: expect.stringContaining('got the number 1') },
      ],
    });
    expect([service.asked, service.kept]).toEqual([[], []]);
  });

  test.each([
    ['no JSON', '{', json, 400, /the body is no JSON/],
    [
      'another type',
      '{}',
      { 'Content-Type': 'text/plain' },
      415,
      /got Content-Type text\/plain, expected application\/json/,
    ],
    ['no type', '{}', {}, 415, /expected application\/json/],
    ['too much', ' '.repeat(5 * 2 ** 20 + 1), json, 413, /expected at most so many/],
  ])('%s', async (_, body, headers, status, message) => {
    const response = await post(new FakeService(), body, headers);
    expect(response.status).toBe(status);
    expect(((await response.json()) as { errors: { message: string }[] }).errors[0]?.message).toMatch(
      message,
    );
  });

  test.each([
    ['an answer that is none', () => text('nan,Income,0.5,Role,0\n'), 502, 1, /the model answered "nan"/],
    ['an error', () => text('no memory', 500), 502, null, /status 500: no memory/],
    [
      'no answer',
      () => {
        throw new ModelUnreachableError('the model did not answer: socket hang up');
      },
      503,
      null,
      /socket hang up/,
    ],
  ])('%s of the model is told, and nothing is kept', async (_, answer, status, at, message) => {
    const service = Object.assign(new FakeService(), { answer });
    const response = await post(service, record());
    expect(response.status).toBe(status);
    expect(await response.json()).toEqual({
      errors: [{ record: at, column: null, message: expect.stringMatching(message) }],
    });
    expect(service.kept).toEqual([]);
  });

  test('the error of a model is not quoted where a column is sensitive', async () => {
    const service = Object.assign(new FakeService(), {
      contract: attrition({ sensitive: ['Remark'] }),
      answer: () => text('bad: Ann', 400),
    });
    expect(await (await post(service, record())).text()).not.toMatch(/Ann/);
  });
});

describe('while nothing answers', () => {
  const nobody = (told: Partial<ServiceState> = {}) =>
    Object.assign(new FakeService(), { contract: null, told: { ...state, package: null, ...told } });

  test.each([
    ['nothing is released', {}, 'no model is released: run `npx mlops release`'],
    [
      'it starts',
      { starting: { release: 'r1', package: 'a/1' } },
      'package a/1 is being started: ask again in a moment',
    ],
    [
      'it does not start',
      { failed: { release: 'r1', package: 'a/1', error: 'no memory', at: '' } },
      'package a/1 does not start: no memory',
    ],
  ])('%s', async (_, told, message) => {
    const service = nobody(told);
    const asked = [
      post(service, record()),
      post(service, 'x', { 'Content-Type': 'text/csv' }, '/invocations'),
      predictionApp(service).request('/ping'),
      predictionApp(service).request('/openapi.json'),
    ];
    for (const response of await Promise.all(asked)) {
      expect(response.status).toBe(503);
      expect(response.headers.get('Retry-After')).toBe('5');
      expect(await response.json()).toEqual({ errors: [{ record: null, column: null, message }] });
    }
    const page = await predictionApp(service).request('/');
    expect([page.status, (await page.text()).includes(message.split('`')[0] as string)]).toEqual([503, true]);
  });
});

describe('the other paths', () => {
  test('/invocations hands the body on as it is, and the answer back', async () => {
    const service = Object.assign(new FakeService(), { answer: () => text('what it says', 418) });
    const headers = { 'Content-Type': 'text/csv', Accept: 'text/csv' };
    const response = await post(service, 'a,b\n"c', headers, '/invocations');
    expect([response.status, await response.text()]).toEqual([418, 'what it says']);
    expect(service.asked).toEqual([{ body: 'a,b\n"c', type: 'text/csv', accept: 'text/csv' }]);
  });

  test('/ping and /current', async () => {
    const app = predictionApp(new FakeService());
    expect((await app.request('/ping')).status).toBe(200);
    expect(await (await app.request('/current')).json()).toEqual(state);
  });

  test('an unknown path names the known ones', async () => {
    const response = await predictionApp(new FakeService()).request('/predict');
    expect([response.status, await response.text()]).toEqual([404, expect.stringContaining('POST /predict')]);
  });

  test('a page elsewhere cannot reach it by a name of its own', async () => {
    const app = predictionApp(new FakeService(), { hosts: ['localhost', '[::1]'] });
    const status = async (host: string) => (await app.request('/ping', { headers: { host } })).status;
    expect(await status('localhost:8080')).toBe(200);
    expect(await status('[::1]:8080')).toBe(200);
    expect(await status('evil.example')).toBe(403);
  });

  test('OpenAPI lists every column with its type', async () => {
    const response = await predictionApp(new FakeService()).request('/openapi.json');
    const { openapi, components } = (await response.json()) as {
      openapi: string;
      components: {
        schemas: { Record: { required: string[]; properties: Record<string, { type: unknown }> } };
      };
    };
    expect(openapi).toBe('3.1.0');
    const { required, properties } = components.schemas.Record;
    expect(required).toEqual(['Income', 'OverTime', 'Role', 'Remark']);
    expect(properties.Income?.type).toEqual(['number', 'null']);
    expect(properties.Role).toEqual({ type: ['string', 'null'], examples: ['Clerk', 'Nurse, ward'] });
    expect(Object.keys(properties)).toEqual([...required, 'Id', 'Attrition', 'Age']);
  });

  test('a name of a column is never markup, and a sensitive column has no list of values', async () => {
    const hostile = '</script><img src=x onerror=alert(1)>';
    const service = new FakeService();
    service.contract = attrition({
      model: hostile,
      features: [{ name: hostile, type: 'category', values: ['Ann'], sensitive: true }],
      labels: [hostile, 'Yes'],
    });
    const response = await predictionApp(service).request('/');
    const page = await response.text();
    expect(page).not.toContain('<img');
    expect(page).not.toContain('Ann');
    expect(response.headers.get('Content-Security-Policy')).toMatch(/script-src 'sha256-/);
  });
});
