/**
 * Measures POST /predict of the service against a bare server of the same framework that forwards the ready body to the same
 * model process: median and 99th percentile at 1, 8 and 64 connections, in turns, so that a busy machine slows both. The
 * ratios are medians over the rounds.
 */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { median, report } from './table.ts';

const root = join(import.meta.dirname, '..');
const rounds = 7;
const seconds = 1.5;
const most = 1.3;

const folder = mkdtempSync(join(tmpdir(), 'serve-bench-'));
const home = join(folder, '.mlops');
cpSync(join(root, 'fixtures/sample'), folder, { recursive: true });
mkdirSync(home);
mkdirSync(join(root, '.mlops/environments'), { recursive: true });
symlinkSync(join(root, '.mlops/environments'), join(home, 'environments'));

/** Milliseconds of each request in turn over so many connections. */
async function load(port: number, body: string, type: string, connections: number): Promise<number[]> {
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  const times: number[] = [];
  const end = performance.now() + 1000 * seconds;
  const headers = { 'Content-Type': type, 'Content-Length': Buffer.byteLength(body) };
  const one = async () => {
    while (performance.now() < end) {
      const began = performance.now();
      await new Promise<void>((resolve, reject) => {
        const asked = request({ host: '127.0.0.1', port, agent, method: 'POST', path: '/predict', headers });
        asked.on('error', reject);
        asked.on('response', (response) => {
          response.resume().on('end', resolve);
          if (response.statusCode !== 200)
            reject(new Error(`got status ${response.statusCode}, expected 200`));
        });
        asked.end(body);
      });
      times.push(performance.now() - began);
    }
  };
  await Promise.all(Array.from({ length: connections }, one));
  agent.destroy();
  return times.sort((a, b) => a - b);
}

const at = (sorted: readonly number[], share: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;

try {
  const trained = spawnSync(
    process.execPath,
    [join(root, 'pipeline/cli/mlops.ts'), 'run', '--mode', 'promote', '--no-release', '--set', 'tuning=off'],
    { cwd: folder, encoding: 'utf8' },
  );
  if (trained.status !== 0) throw new Error(trained.stderr);
  const [names = '', first = ''] = readFileSync(join(folder, 'model/data/scoring.csv'), 'utf8').split('\n');
  const fields = first.split(',').map((field) => (Number.isNaN(Number(field)) ? field : Number(field)));
  const record = Object.fromEntries(names.split(',').map((name, column) => [name, fields[column]]));
  const asked = JSON.stringify({ records: [record] });

  const child = spawn(
    process.execPath,
    [join(root, 'bench/serve/servers.ts'), home, 'attrition', 'attrition/1'],
    {
      stdio: ['pipe', 'pipe', 'inherit'],
    },
  );
  const [line] = (await once(createInterface(child.stdout), 'line')) as [string];
  const ports = JSON.parse(line) as { service: number; bare: number };
  const openApi = (await (await fetch(`http://127.0.0.1:${ports.service}/openapi.json`)).json()) as {
    components: { schemas: { Record: { required: string[] } } };
  };
  const ready = `${openApi.components.schemas.Record.required.map((name) => record[name]).join(',')}\n`;
  await load(ports.service, asked, 'application/json', 8);
  await load(ports.bare, ready, 'text/csv', 8);
  for (const connections of [1, 8, 64]) {
    const ratios = { p50: [] as number[], p99: [] as number[] };
    const times = { service: [] as number[], bare: [] as number[] };
    for (let round = 0; round < rounds; round++) {
      const one = async (which: 'service' | 'bare') => {
        const [body, type] = which === 'service' ? [asked, 'application/json'] : [ready, 'text/csv'];
        const found = await load(ports[which], body, type, connections);
        times[which].push(...found);
        return found;
      };
      const order = round % 2 === 0 ? (['service', 'bare'] as const) : (['bare', 'service'] as const);
      const found = { [order[0]]: await one(order[0]), [order[1]]: await one(order[1]) } as typeof times;
      ratios.p50.push(at(found.service, 0.5) / at(found.bare, 0.5));
      ratios.p99.push(at(found.service, 0.99) / at(found.bare, 0.99));
    }
    for (const sorted of Object.values(times)) sorted.sort((a, b) => a - b);
    const label = `${connections} connection${connections === 1 ? '' : 's'}`.padEnd(15);
    report([
      { name: `${label} p50, service`, value: at(times.service, 0.5), unit: 'ms' },
      { name: `${label} p50, bare`, value: at(times.bare, 0.5), unit: 'ms' },
      { name: `${label} p50, ratio`, value: median(ratios.p50), unit: 'x', most },
      { name: `${label} p99, service`, value: at(times.service, 0.99), unit: 'ms' },
      { name: `${label} p99, bare`, value: at(times.bare, 0.99), unit: 'ms' },
      { name: `${label} p99, ratio`, value: median(ratios.p99), unit: 'x', most },
    ]);
  }
  child.stdin.end();
  await once(child, 'exit');
} finally {
  rmSync(folder, { recursive: true, force: true });
}
