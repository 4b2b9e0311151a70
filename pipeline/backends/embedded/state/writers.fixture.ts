import { spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { isDraft } from './files.ts';

/** Runs a module as a process of its own and gives what it writes; rejects with its errors where it fails. */
export async function runModule(source: string, ...args: string[]): Promise<string> {
  const child = start(source, args);
  let [output, errors] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => {
    output += chunk;
  });
  child.stderr.on('data', (chunk: Buffer) => {
    errors += chunk;
  });
  const code = await new Promise((resolve) => child.once('close', resolve));
  if (code !== 0) throw new Error(`exit code ${code}: ${errors}`);
  return output;
}

/** Runs a module that prints a line for each round of writes, for ever, and kills it (SIGKILL) within a later round. */
export async function writeUntilKilled(source: string): Promise<void> {
  const child = start(source, []);
  let errors = '';
  child.stderr.on('data', (chunk: Buffer) => {
    errors += chunk;
  });
  let lines = 0;
  createInterface({ input: child.stdout }).on('line', () => {
    lines += 1;
    if (lines === 5) setTimeout(() => child.kill('SIGKILL'), 15);
  });
  const signal = await new Promise((resolve) => child.once('close', (_code, by) => resolve(by)));
  if (signal !== 'SIGKILL') throw new Error(`ended by itself: ${errors}`);
}

/** Drafts anywhere in a folder. */
export const leftBehind = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(isDraft);

const start = (source: string, args: string[]) =>
  spawn(process.execPath, ['--no-warnings', '--input-type=module', '-e', source, ...args], {
    env: { PATH: process.env.PATH },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
