import { type Context, Hono, type MiddlewareHandler } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { ModelAnswerError } from './answer.ts';
import { captureEntries } from './capture.ts';
import { PackageClient } from './client.ts';
import type { Contract } from './contract.ts';
import { openApiOf } from './openapi.ts';
import { pageHeaders, renderPage } from './page.ts';
import type { RecordProblem } from './records.ts';
import { ModelUnreachableError, type ServedModel, type Service } from './service.ts';

export interface AppOptions {
  /** The most bytes of a request's body. @default 5 MiB: less than what SageMaker and Lambda take */
  mostBytes?: number;
  /**
   * The names by which a browser may call this server; any other Host is refused, so that no page elsewhere can reach it by a
   * name of its own. null: any, behind a gateway that checks who calls.
   */
  hosts?: readonly string[] | null;
}

const MEBIBYTE = 2 ** 20;
/** Seconds after which a caller may try again while nothing answers. */
const RETRY_AFTER = '5';

/** What is looked up once for each package. */
interface Prepared {
  client: PackageClient;
  page: string | null;
  openApi: object | null;
}

/** The prediction service over HTTP, for any server that speaks the web's Request and Response. */
export function predictionApp(service: Service, options: AppOptions = {}): Hono {
  const { mostBytes = 5 * MEBIBYTE, hosts = null } = options;
  const prepared = new WeakMap<Contract, Prepared>();
  const preparedFor = (contract: Contract): Prepared => {
    const found = prepared.get(contract) ?? {
      client: new PackageClient(contract),
      page: null,
      openApi: null,
    };
    prepared.set(contract, found);
    return found;
  };

  const app = new Hono();
  app.notFound((c) =>
    failed(c, 404, `got ${c.req.method} ${c.req.path}, expected one of ${routes.join(', ')}`),
  );
  app.onError((error, c) => {
    if (error instanceof ModelAnswerError) return failed(c, 502, error.message, error.record);
    if (error instanceof ModelUnreachableError) {
      c.header('Retry-After', RETRY_AFTER);
      return failed(c, 503, error.message);
    }
    throw error;
  });
  if (hosts !== null)
    app.use(async (c, next) => {
      const name = (c.req.header('host') ?? '').replace(/:\d+$/, '').toLowerCase();
      if (!hosts.includes(name))
        return failed(
          c,
          403,
          `got Host ${JSON.stringify(name.slice(0, 80))}, expected ${hosts.join(' or ')}`,
        );
      return await next();
    });
  const tooLarge = (c: Context) =>
    failed(
      c,
      413,
      `got more than ${mostBytes} bytes, expected at most so many: send fewer records at a time`,
    );
  const counted = bodyLimit({ maxSize: mostBytes, onError: tooLarge });
  // Counting makes a stream of the body, which costs more than all checks; a body whose length is told needs none.
  const limited: MiddlewareHandler = async (c, next) => {
    const length = c.req.header('content-length');
    if (length === undefined || c.req.header('transfer-encoding') !== undefined)
      return await counted(c, next);
    return Number(length) <= mostBytes ? await next() : tooLarge(c);
  };

  app.get('/ping', (c) =>
    service.use(async (model) => (model === null ? nothing(c, service) : c.body('', 200))),
  );
  app.get('/current', (c) => c.json(service.state()));
  app.get('/openapi.json', (c) =>
    service.use(async (model) => {
      if (model === null) return nothing(c, service);
      const found = preparedFor(model.contract);
      found.openApi ??= openApiOf(model.contract);
      return c.json(found.openApi);
    }),
  );
  app.get('/', (c) =>
    service.use(async (model) => {
      for (const [name, value] of Object.entries(pageHeaders)) c.header(name, value);
      if (model === null) return c.html(renderPage(null, whyNothing(service)), 503);
      const found = preparedFor(model.contract);
      found.page ??= renderPage(model.contract, null);
      return c.html(found.page);
    }),
  );

  app.post('/predict', limited, async (c) => {
    const type = mediaType(c.req.header('content-type'));
    if (type !== 'application/json')
      return failed(c, 415, `got Content-Type ${type || 'none'}, expected application/json`);
    const text = await c.req.text();
    return await service.use(async (model) => {
      if (model === null) return nothing(c, service);
      let input: unknown;
      try {
        input = JSON.parse(text);
      } catch (error) {
        return failed(c, 400, `the body is no JSON: ${(error as Error).message}`);
      }
      return await predict(c, input, model);
    });
  });

  const predict = async (c: Context, input: unknown, model: ServedModel): Promise<Response> => {
    const { contract } = model;
    const { client } = preparedFor(contract);
    const { rows, problems } = client.read(input);
    if (problems.length > 0) return c.json({ errors: problems }, 400);
    const predictions = await client.ask(model, rows);
    service.keep(() =>
      captureEntries(contract, { release: model.release, at: service.now() }, rows, predictions),
    );
    return c.json({ predictions });
  };

  app.post('/invocations', limited, async (c) => {
    const type = c.req.header('content-type') ?? '';
    const body = new Uint8Array(await c.req.arrayBuffer());
    return await service.use(async (model) => {
      if (model === null) return nothing(c, service);
      const reply = await model.invoke(body, type, c.req.header('accept'));
      return new Response(reply.body as Uint8Array<ArrayBuffer>, {
        status: reply.status,
        headers: { 'Content-Type': reply.contentType },
      });
    });
  });
  return app;
}

const routes = [
  'GET /',
  'GET /current',
  'GET /openapi.json',
  'GET /ping',
  'POST /invocations',
  'POST /predict',
];

type Status = 400 | 403 | 404 | 413 | 415 | 502 | 503;

function failed(c: Context, status: Status, message: string, record: number | null = null): Response {
  return c.json({ errors: [{ record, column: null, message } satisfies RecordProblem] }, status);
}

function nothing(c: Context, service: Service): Response {
  c.header('Retry-After', RETRY_AFTER);
  return failed(c, 503, whyNothing(service));
}

function whyNothing(service: Service): string {
  const { starting, failed: broken } = service.state();
  if (starting !== null) return `package ${starting.package} is being started: ask again in a moment`;
  if (broken !== null) return `package ${broken.package} does not start: ${broken.error}`;
  return `no model is released: ${service.howToRelease}`;
}

const mediaType = (header = ''): string => (header.split(';')[0] ?? '').trim().toLowerCase();
