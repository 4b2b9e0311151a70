import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, jest, test } from '@jest/globals';

// The first run ever installs the model's Python packages.
jest.setTimeout(600_000);

const folder = join(mkdtempSync(join(tmpdir(), 'mlops-drift-')), 'play');
afterAll(() => rmSync(join(folder, '..'), { recursive: true, force: true }));

function play(...args: string[]): Promise<{ code: number | null; output: string }> {
  const player = spawn(process.execPath, [join(import.meta.dirname, 'play.ts'), ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const parts: string[] = [];
  for (const stream of [player.stdout, player.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => parts.push(text));
  return new Promise((done) => player.on('close', (code) => done({ code, output: parts.join('') })));
}

test('labels of a sudden change raise the alarm, which trains, judges and releases a new model', async () => {
  const { code, output } = await play('sudden', '--first', '10', '--weeks', '5', '--folder', folder);
  expect({ code, output }).toMatchObject({ code: 0 });
  const looks = [...output.matchAll(/^week (\d+) .*?: ?(.*)$/gm)].map(([line]) => line);
  expect(looks).toHaveLength(5);
  expect(looks[0]).toContain('cannot tell: No labels are due');
  expect(looks[1]).toContain('healthy');
  expect(looks[2]).toContain('healthy'); // the change is in its predictions, and in no label yet
  expect(output).toMatch(/decayed: ROC AUC is below/);
  expect(output).toMatch(/retrained: promote, drift\/2/);
  expect(output).toMatch(/The page: .*page\.html/);
});
