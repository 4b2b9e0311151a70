import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { repository } from '../../pipeline/repository.ts';

interface Result {
  code: number;
  output: string;
}

/** Runs a program of infra/ as npm does, with this mlops.yaml and this process's emulator. */
export function runProgram(program: string, config: string, ...args: string[]): Promise<Result> {
  const child = spawn(process.execPath, [join(repository, 'infra', program), ...args, '--config', config], {
    cwd: repository,
    stdio: ['ignore', 'pipe', 'pipe'],
    // Jest's copy of the environment, which names the emulator.
    env: { ...process.env },
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => {
      output += chunk.toString();
    });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve({ code: code ?? 1, output }));
  });
}
