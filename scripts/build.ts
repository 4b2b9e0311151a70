/** npm run build [-- NAME...]: bundles each action into `actions/NAME/dist/`. */
import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { actionNames, buildAction } from '../actions/build.ts';
import { repository } from '../pipeline/repository.ts';

const limit = 1_000_000;

const asked = process.argv.slice(2);
for (const name of asked.length > 0 ? asked : await actionNames()) {
  const dist = join(repository, 'actions', name, 'dist');
  await rm(dist, { recursive: true, force: true });
  await buildAction(name, dist);
  const sizes = await sizesOf(dist);
  const largest = Math.max(...sizes.values());
  const sum = [...sizes.values()].reduce((total, size) => total + size, 0);
  console.log(`actions/${name}/dist  ${sizes.size} files, ${kilobytes(sum)}; largest ${kilobytes(largest)}`);
  for (const [file, size] of sizes) {
    if (size <= limit) continue;
    console.error(`actions/${name}/dist/${file}: got ${size} bytes, expected at most ${limit}`);
    process.exitCode = 1;
  }
}

async function sizesOf(folder: string): Promise<Map<string, number>> {
  const files = await readdir(folder);
  return new Map(
    await Promise.all(files.map(async (file) => [file, (await stat(join(folder, file))).size] as const)),
  );
}

function kilobytes(bytes: number): string {
  return `${Math.round(bytes / 1000)} kB`;
}
