import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { relative } from 'node:path';
import { createAdaptorServer } from '@hono/node-server';
import { CaptureFile } from '../backends/embedded/serving/capture-file.ts';
import { removeAbandonedModels } from '../backends/embedded/serving/model-process.ts';
import { openModelHost } from '../backends/embedded/serving/open-host.ts';
import { Serving } from '../backends/embedded/serving/serving.ts';
import { useBackend } from '../backends/open.ts';
import { loadConfig } from '../config/load.ts';
import { InputError } from '../errors.ts';
import { predictionApp } from '../serve/app.ts';
import { capturesFolder } from '../steps/release/artifacts.ts';
import { currentId, pointerKind } from '../steps/release/records.ts';
import { home } from './home.ts';
import { note, print, printJson } from './print.ts';

interface ServeOptions {
  port: number;
  host: string;
  capture: boolean;
  package?: string;
  containers?: boolean;
  config: string;
  model?: string;
  json?: boolean;
}

/** Milliseconds that requests may take to end after Ctrl-C, and until this process ends whatever still waits. */
const [LAST_ANSWERS_MS, LONGEST_STOP_MS] = [500, 1700];
const THIS_MACHINE = ['127.0.0.1', 'localhost', '::1'];

/** `mlops serve`: runs until Ctrl-C. */
export async function serve(options: ServeOptions): Promise<void> {
  const { config } = await loadConfig(options.config, { ...options, set: [] });
  const place = { home: home(), onNote: note };
  const stopped = new Promise<void>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve());
  });
  const release = await useBackend({ backend: 'embedded' }, place);
  try {
    await removeAbandonedModels(place.home);
    const host = await openModelHost(config, { ...place, containers: options.containers ?? false });
    const { context } = host;
    const folder = context.storage.path(capturesFolder(context));
    const capture = options.capture ? new CaptureFile(folder, note) : null;
    const service = new Serving({ ...host, pinned: options.package ?? null, capture });
    const isHere = THIS_MACHINE.includes(options.host);
    const hosts = isHere ? ['localhost', '127.0.0.1', '[::1]'] : null;
    const server = createAdaptorServer({ fetch: predictionApp(service, { hosts }).fetch }) as Server;
    try {
      await listen(server, options);
      // A package that was named must come up; a release may follow.
      await Promise.race([service.start(), stopped]);
      const { port } = server.address() as AddressInfo;
      const url = `http://${options.host.includes(':') ? `[${options.host}]` : options.host}:${port}`;
      if (options.json) printJson({ url, capture: capture === null ? null : folder });
      else print(`Serving ${config.name} on ${url}`);
      if (!isHere)
        note(
          'Others on this network can reach it, and it does not ask who calls. --host 127.0.0.1 is only for this machine.',
        );
      if (capture !== null)
        note(
          `What is asked is kept in ${relative(process.cwd(), folder)}: numbers and known categories, no other text (--no-capture: nothing)`,
        );
      if (options.package !== undefined) note(`package ${options.package} answers`);
      else if ((await host.context.ledger.get(pointerKind, currentId)) === null)
        note(`Nothing is released yet, so it answers 503. To release: npx mlops release`);
      await stopped;
    } finally {
      // Whatever still waits ends with this process, as do the models.
      setTimeout(() => process.exit(), LONGEST_STOP_MS).unref();
      await close(server);
      await service.stop();
    }
  } finally {
    release();
  }
}

async function listen(server: Server, { port, host }: ServeOptions): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(explained(error, { port, host })));
    server.listen(port, host, resolve);
  });
}

function explained(error: NodeJS.ErrnoException, { port, host }: { port: number; host: string }): Error {
  switch (error.code) {
    case 'EADDRINUSE':
      return new InputError(
        `--port: got ${port}, which another program uses; expected a free one, such as ${port + 1}`,
      );
    case 'EACCES':
      return new InputError(`--port: got ${port}, which this user may not open; expected 1024 or more`);
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return new InputError(
        `--host: got ${host}, expected an address of this machine, such as 127.0.0.1 or 0.0.0.0`,
      );
    default:
      return error;
  }
}

/** Takes no further request, and gives those that are being answered a moment. */
async function close(server: Server): Promise<void> {
  if (!server.listening) return;
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeIdleConnections();
  const timer = setTimeout(() => server.closeAllConnections(), LAST_ANSWERS_MS);
  await closed;
  clearTimeout(timer);
}
