import { execFile, spawn } from 'node:child_process';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import * as yaml from 'yaml';
import { copySample } from '../../fixtures/sample.fixture.ts';

const run = promisify(execFile);

/** `OWNER/NAME` of the repository that the workflows run in. */
export const repositoryName = 'octo/attrition';

/** What a run of a workflow left. */
export interface Finished {
  /** Its number. */
  id: string;
  /** Whether every job succeeded. */
  ok: boolean;
  /** All that act and the steps printed. */
  log: string;
  seconds: number;
  /** Where the artifacts of the run are, a folder each. */
  artifacts: string;
  /** Lines of act's own account: `[WORKFLOW/JOB] ...`. */
  jobs: Record<string, 'success' | 'failure'>;
}

/**
 * A repository on GitHub with the files of this checkout and the sample project, and a machine that runs its workflows: act on this host, without
 * containers. The actions of others are small stand-ins (fixtures/actions) that do the same job with folders; with
 * MLOPS_REAL_ACTIONS=FOLDER they are what lies in FOLDER/OWNER/NAME.
 */
export class ActFixture {
  readonly folder: string;
  readonly checkout: string;
  /** Environment of every step besides GitHub's own. */
  readonly env: Record<string, string>;
  readonly #act: string;
  readonly #token: string;
  readonly #remote: string;
  #runs = 1000;

  private constructor(folder: string, { act, token, env }: Parameters<typeof ActFixture.create>[0]) {
    this.folder = folder;
    this.checkout = join(folder, 'checkout');
    this.#remote = join(folder, 'github', repositoryName);
    this.#act = act;
    this.#token = token;
    this.env = {
      FIXTURE_STORE: join(folder, 'store'),
      FIXTURE_ENVIRONMENTS: resolve('.mlops/environments'),
      GIT_CONFIG_GLOBAL: join(folder, 'gitconfig'),
      ...env,
    };
  }

  /** `act`: the program; `token`: of the workflow, which nothing hides in the log; `env`: of every step. */
  static async create(options: {
    act: string;
    token: string;
    env: Record<string, string>;
  }): Promise<ActFixture> {
    const folder = await mkdtemp(join(tmpdir(), 'mlops-act-'));
    const fixture = new ActFixture(folder, options);
    await mkdir(join(folder, 'config/act'), { recursive: true });
    // Without it act asks which images to use.
    await writeFile(join(folder, 'config/act/actrc'), '');
    await writeFile(
      join(folder, 'gitconfig'),
      [
        '[user]\n  name = A\n  email = a@example.com',
        '[init]\n  defaultBranch = main',
        '[safe]\n  directory = *',
        '[uploadpack]\n  allowAnySHA1InWant = true',
        `[url "file://${join(folder, 'github')}/"]\n  insteadOf = https://github.com/`,
      ].join('\n'),
    );
    await mkdir(fixture.checkout);
    const { stdout } = await run('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
      maxBuffer: 10_000_000,
    });
    for (const file of stdout.split('\0').filter((each) => each !== '')) {
      const to = join(fixture.checkout, file);
      await mkdir(dirname(to), { recursive: true });
      await cp(file, to).catch((error: NodeJS.ErrnoException) => {
        // Tracked, and deleted since.
        if (error.code !== 'ENOENT') throw error;
      });
    }
    // The checkout's own mlops.yaml, model and examples are a user's to edit.
    for (const path of ['mlops.yaml', 'model', 'examples'])
      await rm(join(fixture.checkout, path), { recursive: true, force: true });
    copySample(fixture.checkout);
    await fixture.git('init', '--quiet');
    await mkdir(dirname(fixture.#remote), { recursive: true });
    await fixture.git('init', '--quiet', '--bare', fixture.#remote);
    await fixture.git('remote', 'add', 'origin', `https://github.com/${repositoryName}`);
    await fixture.commit('First');
    await fixture.git('push', '--quiet', 'origin', 'main');
    return fixture;
  }

  async git(...args: string[]): Promise<string> {
    const env = { ...process.env, GIT_CONFIG_GLOBAL: this.env.GIT_CONFIG_GLOBAL ?? '' };
    return (await run('git', args, { cwd: this.checkout, env })).stdout.trim();
  }

  /** Commits all that differs; its sha. */
  async commit(message: string): Promise<string> {
    await this.git('add', '--all');
    await this.git('commit', '--quiet', '--allow-empty', '--message', message);
    return await this.git('rev-parse', 'HEAD');
  }

  /** Opens pull request `number` from `branch`, which `change` edits: shas of its head and of its merge, as GitHub makes one. */
  async propose(
    number: number,
    branch: string,
    change: () => Promise<void>,
  ): Promise<{ head: string; merge: string }> {
    await this.git('checkout', '--quiet', '-b', branch, 'main');
    await change();
    const head = await this.commit(`On ${branch}`);
    await this.git('checkout', '--quiet', '--detach', 'main');
    await this.git('merge', '--quiet', '--no-ff', '--message', `Merge pull request #${number}`, branch);
    const merge = await this.git('rev-parse', 'HEAD');
    await this.git('push', '--quiet', 'origin', branch, `HEAD:refs/pull/${number}/merge`);
    return { head, merge };
  }

  /** Makes a commit the head of main, here and on GitHub. */
  async land(sha: string): Promise<void> {
    await this.git('checkout', '--quiet', '-B', 'main', sha);
    await this.git('push', '--quiet', 'origin', 'main');
  }

  /** Runs one workflow by an event; what fails in it fails no promise. */
  async run(
    workflow: string,
    event: {
      name: string;
      sha: string;
      ref: string;
      payload: object;
      inputs?: Record<string, string>;
      variables?: Record<string, string>;
    },
  ): Promise<Finished> {
    const id = String(++this.#runs);
    const payload = join(this.folder, `event-${id}.json`);
    await writeFile(payload, JSON.stringify(event.payload));
    const env = {
      ...this.env,
      GITHUB_RUN_ID: id,
      GITHUB_REPOSITORY: repositoryName,
      GITHUB_REF: event.ref,
      GITHUB_REF_NAME: event.ref.replace(/^refs\/(heads|pull)\//, ''),
      SHA_REF: event.sha,
    };
    const options = (flag: string, values: Record<string, string>) =>
      Object.entries(values).flatMap(([name, value]) => [flag, `${name}=${value}`]);
    const started = performance.now();
    const { code, log } = await output(
      this.#act,
      [
        event.name,
        '--directory',
        this.checkout,
        '--workflows',
        `.github/workflows/${workflow}`,
        '--eventpath',
        payload,
        '--platform',
        'ubuntu-latest=-self-hosted',
        '--no-skip-checkout',
        ...this.#servers(),
        '--action-cache-path',
        join(this.folder, 'cache'),
        '--secret',
        `GITHUB_TOKEN=${this.#token}`,
        '--insecure-secrets',
        ...options('--env', env),
        ...options('--input', event.inputs ?? {}),
        ...options('--var', event.variables ?? {}),
        ...(await this.#replacements()),
      ],
      {
        ...process.env,
        XDG_CONFIG_HOME: join(this.folder, 'config'),
        HOME: homedir(),
        // The Node of this checkout, as the runner has one for `using: node24`.
        PATH: `${dirname(process.execPath)}:${process.env.PATH}`,
      },
    );
    await writeFile(join(this.folder, `${id}.log`), log);
    return {
      id,
      ok: code === 0,
      log,
      seconds: (performance.now() - started) / 1000,
      artifacts: join(this.env.FIXTURE_STORE ?? '', 'artifacts', id),
      jobs: Object.fromEntries(
        [...log.matchAll(/^\[[^/\]]+\/(.+?)\s*\].* Job (succeeded|failed)$/gm)].map(([, job = '', how]) => [
          job,
          how === 'succeeded' ? 'success' : 'failure',
        ]),
      ),
    };
  }

  async remove(): Promise<void> {
    await rm(this.folder, { recursive: true, force: true });
  }

  /** What act has in place of GitHub's artifacts and caches, for the real actions. */
  #servers(): string[] {
    if (!process.env.MLOPS_REAL_ACTIONS) return ['--no-cache-server'];
    const path = join(this.folder, 'servers');
    const here = (name: string) => [
      `--${name}-server-path`,
      join(path, name),
      `--${name}-server-addr`,
      '127.0.0.1',
    ];
    return [...here('artifact'), ...here('cache')];
  }

  /** Every action of another repository that workflows and actions use, in the version that they use. */
  async #replacements(): Promise<string[]> {
    const root = process.env.MLOPS_REAL_ACTIONS || join(import.meta.dirname, 'fixtures/actions');
    const used = new Set<string>();
    for (const file of await readdir('.github', { recursive: true })) {
      if (!file.endsWith('.yml')) continue;
      const text = await readFile(join('.github', file), 'utf8');
      yaml.visit(yaml.parseDocument(text), {
        Pair(_, { key, value }) {
          if (!yaml.isScalar(key) || key.value !== 'uses' || !yaml.isScalar(value)) return;
          const [, name, sha] = /^([\w.-]+\/[\w.-]+)(?:\/[^@]*)?@(.+)$/.exec(String(value.value)) ?? [];
          if (name !== undefined) used.add(`${name}@${sha}`);
        },
      });
    }
    return [...used].flatMap((action) => [
      '--local-repository',
      `${action}=${join(root, action.replace(/@.*$/, '').replace(process.env.MLOPS_REAL_ACTIONS ? /$^/ : /^actions\//, ''))}`,
    ]);
  }
}

/** What a program prints, both streams in order, and how it ended. */
function output(
  program: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
): Promise<{ code: number | null; log: string }> {
  return new Promise((settle, reject) => {
    const child = spawn(program, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
    let log = '';
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => {
        log += text;
      });
    child.once('error', reject).once('close', (code) => settle({ code, log }));
  });
}
