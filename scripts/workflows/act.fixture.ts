import { execFile, spawn } from 'node:child_process';
import { chmod, cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { delimiter, dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import * as yaml from 'yaml';
import { copySample } from '../../fixtures/sample.fixture.ts';

const run = promisify(execFile);

/** `OWNER/NAME` of the repository that the workflows run in. */
export const repositoryName = 'octo/attrition';

/** The result of a workflow's run. */
export interface Finished {
  /** The run's number. */
  id: string;
  /** Whether every job succeeded. */
  ok: boolean;
  /** The output of act and of the steps. */
  log: string;
  seconds: number;
  /** The folder of the run's artifacts, each in a folder of its own. */
  artifacts: string;
  /** The lines of act itself: `[WORKFLOW/JOB] ...`. */
  jobs: Record<string, 'success' | 'failure'>;
}

/**
 * A repository on GitHub with the files of this checkout and the sample project, and a machine that runs its workflows: act
 * on this host, without containers. Stand-ins (fixtures/actions, fixtures/gh.ts) replace the actions of others and `gh`; they
 * follow the source of the real ones, with folders in place of GitHub's services. MLOPS_REAL_ACTIONS=FOLDER uses the actions
 * in FOLDER/OWNER/NAME instead.
 */
export class ActFixture {
  readonly folder: string;
  readonly checkout: string;
  /** The environment that every step gets besides GitHub's variables. */
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

  /**
   * `act` is the program, `token` the workflow's, which the log shows, and `env` every step's environment. `prepare` changes
   * the checkout before its first commit; the stand-ins' programs are in the other folder.
   */
  static async create(options: {
    act: string;
    token: string;
    env: Record<string, string>;
    prepare?: (checkout: string, standIns: string) => Promise<void>;
  }): Promise<ActFixture> {
    const folder = await mkdtemp(join(tmpdir(), 'mlops-act-'));
    const fixture = new ActFixture(folder, options);
    await mkdir(join(folder, 'config/act'), { recursive: true });
    // Without this file act asks which images to use.
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
        // The file is tracked but has been deleted.
        if (error.code !== 'ENOENT') throw error;
      });
    }
    // A user may edit the checkout's own mlops.yaml, model and examples.
    for (const path of ['mlops.yaml', 'model', 'examples'])
      await rm(join(fixture.checkout, path), { recursive: true, force: true });
    copySample(fixture.checkout);
    // act 0.2.89 refuses `queue`, which is newer; it runs one workflow at a time, so nothing waits here.
    for (const file of await readdir(join(fixture.checkout, '.github/workflows'))) {
      const path = join(fixture.checkout, '.github/workflows', file);
      await writeFile(path, (await readFile(path, 'utf8')).replaceAll(/^ +queue: max\n/gm, ''));
    }
    await fixture.#buildStandIns();
    await options.prepare?.(fixture.checkout, join(folder, 'stand-ins'));
    await fixture.#tellJobs();
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

  /** Commits every change and returns the commit's sha. */
  async commit(message: string): Promise<string> {
    await this.git('add', '--all');
    await this.git('commit', '--quiet', '--allow-empty', '--message', message);
    return await this.git('rev-parse', 'HEAD');
  }

  /** Opens pull request `number` from `branch`, which `change` edits. Returns the shas of its head and of its merge commit. */
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

  /** A commit's tree and parents, as GitHub's API tells them. */
  async commitOf(sha: string): Promise<{ sha: string; tree: string; parents: string[] }> {
    const [tree = '', ...parents] = (await this.git('show', '--no-patch', '--format=%T %P', sha)).split(' ');
    return { sha, tree, parents };
  }

  /** The artifacts of a run that have not expired, by name. */
  async artifactsOf({ id }: Finished): Promise<{ name: string }[]> {
    const names = await readdir(join(this.env.FIXTURE_STORE ?? '', 'artifact-records', id)).catch(() => []);
    return names.map((file) => ({ name: file.replace(/\.json$/, '') }));
  }

  /** Unpacks the state that runs on main have kept into a folder. Returns the branch's commit. */
  async unpackState(folder: string): Promise<string> {
    await this.git('fetch', '--quiet', 'origin', '+refs/heads/mlops-state:refs/remotes/origin/mlops-state');
    const archive = join(folder, '.branch.tar');
    await mkdir(folder, { recursive: true });
    await this.git('archive', '--format=tar', `--output=${archive}`, 'origin/mlops-state');
    await run(
      'sh',
      ['-c', 'tar -xf .branch.tar && cat state.tar.gz.* | tar -xz && rm .branch.tar state.tar.gz.*'],
      { cwd: folder },
    );
    return await this.git('rev-parse', 'origin/mlops-state');
  }

  /** Runs one workflow for an event. A failed job does not reject the promise. */
  async run(
    workflow: string,
    event: {
      name: string;
      sha: string;
      ref: string;
      payload: object;
      inputs?: Record<string, string>;
      variables?: Record<string, string>;
      /** Default: github-hosted. */
      runner?: 'github-hosted' | 'self-hosted';
      /** Who started the run. Default: act's own. */
      actor?: string;
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
      RUNNER_ENVIRONMENT: event.runner ?? 'github-hosted',
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
        ...(event.actor === undefined ? [] : ['--actor', event.actor]),
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
        // This checkout's Node takes the place of the runner's for `using: node24`.
        PATH: [join(this.folder, 'bin'), dirname(process.execPath), process.env.PATH].join(delimiter),
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

  /** Makes everything that GitHub keeps so many days older. */
  async age(days: number): Promise<void> {
    const file = join(this.env.FIXTURE_STORE ?? '', 'days');
    const before = Number(await readFile(file, 'utf8').catch(() => '0'));
    await writeFile(file, String(before + days));
  }

  async remove(): Promise<void> {
    await rm(this.folder, { recursive: true, force: true });
  }

  /** act's servers in place of GitHub's artifacts and caches, for the real actions. */
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

  /**
   * Tells each job by environment variables, for the stand-ins, its permissions, which act ignores, the file of its workflow,
   * which the claim job_workflow_ref of its token has, and its cache-mode, which act's schema does not know and GitHub's
   * runner passes on as ACTIONS_CACHE_MODE.
   */
  async #tellJobs(): Promise<void> {
    const folder = join(this.checkout, '.github/workflows');
    for (const name of await readdir(folder)) {
      if (!name.endsWith('.yml')) continue;
      const document = yaml.parseDocument(await readFile(join(folder, name), 'utf8'));
      const workflow = document.toJS() as {
        'cache-mode'?: string;
        jobs: Record<string, { uses?: string; permissions?: object; 'cache-mode'?: string }>;
      };
      document.delete('cache-mode');
      for (const [id, job] of Object.entries(workflow.jobs)) {
        document.deleteIn(['jobs', id, 'cache-mode']);
        if (job.uses !== undefined) continue;
        const mode = job['cache-mode'] ?? workflow['cache-mode'];
        document.setIn(['jobs', id, 'env', 'FIXTURE_PERMISSIONS'], JSON.stringify(job.permissions ?? {}));
        document.setIn(['jobs', id, 'env', 'FIXTURE_WORKFLOW'], `.github/workflows/${name}`);
        if (mode !== undefined) document.setIn(['jobs', id, 'env', 'ACTIONS_CACHE_MODE'], mode);
      }
      await writeFile(join(folder, name), document.toString({ lineWidth: 0, flowCollectionPadding: false }));
    }
  }

  /** Bundles the stand-ins, as actions are, because act takes only an action's own folder. */
  async #buildStandIns(): Promise<void> {
    const source = join(import.meta.dirname, 'fixtures');
    const files = await readdir(source, { recursive: true });
    await build({
      entryPoints: files
        .filter((file) => ['gh.ts', 'account.ts'].includes(file) || /^actions\/.*\.ts$/.test(file))
        .map((file) => join(source, file)),
      outdir: join(this.folder, 'stand-ins'),
      outbase: source,
      outExtension: { '.js': '.mjs' },
      bundle: true,
      format: 'esm',
      platform: 'node',
      banner: {
        js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
      },
      logLevel: 'error',
    });
    for (const file of files.filter((each) => each.endsWith('action.yml'))) {
      const text = await readFile(join(source, file), 'utf8');
      const to = join(this.folder, 'stand-ins', file);
      await mkdir(dirname(to), { recursive: true });
      await writeFile(to, text.replaceAll(/\b([\w/.]+)\.ts\b/g, '$1.mjs'));
    }
    const npm = (await run('which', ['npm'])).stdout.trim();
    await this.#program('gh', `exec node ${join(this.folder, 'stand-ins/gh.mjs')} "$@"`);
    await this.#program(
      'npm',
      // What `npm ci` would install is what these tests run with.
      `if [ "$1" = ci ]; then ln -s ${resolve('node_modules')} node_modules; else exec ${npm} "$@"; fi`,
    );
  }

  /** Puts a shell script before the machine's program of this name. */
  async #program(name: string, script: string): Promise<void> {
    const file = join(this.folder, 'bin', name);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, `#!/bin/sh\n${script}\n`);
    await chmod(file, 0o755);
  }

  /** Every action of another repository that workflows and actions use, with its version. */
  async #replacements(): Promise<string[]> {
    const root = process.env.MLOPS_REAL_ACTIONS || join(this.folder, 'stand-ins/actions');
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

/** A program's output, both streams in order, and its exit code. */
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
