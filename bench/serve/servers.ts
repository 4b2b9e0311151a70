/**
 * Starts two servers over one model process: the prediction service as `mlops serve` runs it, and a bare server of the same
 * framework that forwards a body which is ready. Prints their ports and ends when its standard input does.
 *
 * node servers.ts HOME PROJECT PACKAGE
 */
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { createAdaptorServer } from '@hono/node-server';
import { Hono } from 'hono';
import { CaptureFile } from '../../pipeline/backends/embedded/serving/capture-file.ts';
import { openModelHost } from '../../pipeline/backends/embedded/serving/open-host.ts';
import { Serving } from '../../pipeline/backends/embedded/serving/serving.ts';
import { predictionApp } from '../../pipeline/serve/app.ts';

const [home = '', project = '', pinned = ''] = process.argv.slice(2);
const onNote = (line: string) => console.error(line);
const host = await openModelHost({ project, name: project }, { home, onNote });
const capture = new CaptureFile(join(home, 'captured'), onNote);
const service = new Serving({ ...host, pinned, capture });
await service.start();

const bare = new Hono();
bare.post('/predict', async (c) => {
  const body = await c.req.text();
  const reply = await service.use(async (model) => await model?.invoke(body, 'text/csv', 'text/csv'));
  return new Response(reply?.body as Uint8Array<ArrayBuffer>, { status: reply?.status ?? 503 });
});

async function listen(app: Hono): Promise<number> {
  const server = createAdaptorServer({ fetch: app.fetch }) as Server;
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

const hosts = ['localhost', '127.0.0.1', '[::1]'];
console.log(
  JSON.stringify({ service: await listen(predictionApp(service, { hosts })), bare: await listen(bare) }),
);
process.stdin.resume().on('end', async () => {
  await service.stop();
  process.exit();
});
