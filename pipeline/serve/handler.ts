import { handle } from 'hono/aws-lambda';
import { predictionApp } from './app.ts';
import type { CaptureEntry } from './capture.ts';
import type { ServedModel, Service } from './service.ts';

/** What a function in front of an endpoint needs: which package answers, and where to keep what it was asked. */
export interface EndpointPort {
  /** The released package, which the caller may cache; null: none. */
  current(): Promise<ServedModel | null>;
  /** Keeps what was asked; null: nothing is kept. The function waits for it before it answers, because it is frozen then. */
  keep: ((entries: CaptureEntry[]) => Promise<void>) | null;
  now(): Date;
}

/**
 * The same service as a function behind an HTTP API (payload format 2.0). The gateway checks who calls.
 * @param port.keep a failure loses the entries and is counted in GET /current; the caller still gets the answer
 */
export function predictionHandler(port: EndpointPort): ReturnType<typeof handle> {
  let dropped = 0;
  let served: ServedModel | null = null;
  const pending = new Set<Promise<void>>();
  const service: Service = {
    async use(work) {
      served = await port.current();
      const result = await work(served);
      await Promise.all(pending);
      return result;
    },
    state: () => ({
      release: served?.release ?? null,
      package: served?.contract.package ?? null,
      since: null,
      starting: null,
      failed: null,
      capture: { on: port.keep !== null, dropped },
    }),
    keep(entries) {
      if (port.keep === null) return;
      const all = entries();
      const kept = port
        .keep(all)
        .catch(() => {
          dropped += all.length;
        })
        .finally(() => pending.delete(kept));
      pending.add(kept);
    },
    now: () => port.now(),
    howToRelease: 'run `npx mlops release --backend aws`, or merge a change that the gate promotes',
  };
  return handle(predictionApp(service));
}
