import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, mkdirSync, realpathSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { account, region } from '../../../pipeline/backends/aws/fakecloud.fixture.ts';
import { temporaryFolder } from '../../../pipeline/backends/embedded/images/python-context.fixture.ts';
import { docker } from '../../../pipeline/image/docker.fixture.ts';

/** AWS's image of the Node runtime, as fakecloud names it, and the stand-in for it. */
const name = 'public.ecr.aws/lambda/nodejs:24';
const standIn = 'mlops-function-runtime';

/** This Node, what it links to, and a runtime that calls the handler. */
function importImage(): void {
  const root = temporaryFolder();
  const copy = (from: string, to: string) => {
    mkdirSync(dirname(join(root, to)), { recursive: true });
    copyFileSync(realpathSync(from), join(root, to));
  };
  for (const folder of ['var/task', 'tmp']) mkdirSync(join(root, folder), { recursive: true });
  copy(process.execPath, 'var/lang/bin/node');
  // ldd prints a line for each library and the loader: `libm.so.6 => /lib/.../libm.so.6 (0x...)`.
  const libraries = execFileSync('ldd', [process.execPath], { encoding: 'utf8' }).matchAll(/(\/\S+) \(0x/g);
  for (const [, path = ''] of libraries) copy(path, path);
  copy(fileURLToPath(new URL('function-runtime.fixture.ts', import.meta.url)), 'var/runtime/runtime.mts');
  const archive = join(temporaryFolder(), 'image.tar');
  execFileSync('tar', ['-C', root, '-cf', archive, '.']);
  docker(
    'import',
    '--change',
    'ENTRYPOINT ["/var/lang/bin/node", "/var/runtime/runtime.mts"]',
    archive,
    standIn,
  );
}

/** The address at which both containers and this machine reach a server on this machine. */
export const bridgeAddress = (): string =>
  docker('network', 'inspect', 'bridge', '--format', '{{(index .IPAM.Config 0).Gateway}}');

/**
 * Sets up, in the environment of this process, what fakecloud needs to run functions in Docker. Its `docker` is a wrapper
 * that uses the stand-in for AWS's image, which is never pulled, and gives a function what Lambda adds to its settings:
 * region, credentials, and here `variables` that say where AWS is. Returns a function that sets more of them.
 */
export function prepareFunctions(
  variables: Readonly<Record<string, string>>,
): (functionName: string, own: Readonly<Record<string, string>>) => void {
  importImage();
  const files = temporaryFolder();
  const given = {
    AWS_REGION: region,
    // The runtime tells a function its ARN, which contains the account.
    FUNCTION_ARN: `arn:aws:lambda:${region}:${account}:function:f`,
    ...variables,
  };
  const settings = Object.entries(given).map(([key, value]) => `-e ${key}=${value}`);
  const wrapper = join(temporaryFolder(), 'docker');
  writeFileSync(
    wrapper,
    `#!/bin/sh
[ "$1" != pull ] || exit 1
[ "$1" = create ] || exec docker "$@"
shift
for argument do
  shift
  [ "$argument" != ${name} ] || argument=${standIn}
  case "$argument" in fakecloud-lambda=*) own="${files}/\${argument#*=}" ;; esac
  set -- "$@" "$argument"
done
exec docker create ${settings.join(' ')} --env-file "$own" "$@"
`,
  );
  chmodSync(wrapper, 0o755);
  process.env.FAKECLOUD_CONTAINER_CLI = wrapper;
  return (functionName, own) =>
    writeFileSync(
      join(files, functionName),
      Object.entries(own)
        .map(([key, value]) => `${key}=${value}\n`)
        .join(''),
    );
}

/** Removes the containers that the emulator leaves. */
export function removeFunctions(): void {
  const containers = docker('ps', '--all', '--quiet', '--filter', `ancestor=${standIn}`);
  if (containers !== '') docker('rm', '--force', ...containers.split('\n'));
  docker('rmi', standIn);
}
