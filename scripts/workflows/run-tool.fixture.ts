import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FakeGitHub } from '../../actions/shared/fake-github.fixture.ts';

export interface FinishedTool {
  code: number;
  log: string;
  outputs: Record<string, string>;
}

/** A folder and a GitHub in which tools and scripts run as a workflow's steps do. */
export class Steps {
  readonly github: FakeGitHub;
  readonly folder: string;

  private constructor(github: FakeGitHub, folder: string) {
    this.github = github;
    this.folder = folder;
  }

  static async start(): Promise<Steps> {
    return new Steps(await FakeGitHub.start(), await mkdtemp(join(tmpdir(), 'mlops-tools-')));
  }

  async stop(): Promise<void> {
    await this.github.stop();
    await rm(this.folder, { recursive: true });
  }

  /** A tool of `tools/`. */
  async tool(
    name: string,
    env: Record<string, string> = {},
    event: object = {},
    args: string[] = [],
  ): Promise<FinishedTool> {
    const program = join(import.meta.dirname, `tools/${name}.ts`);
    return await this.#run(process.execPath, [program, ...args], env, event);
  }

  /** A script of a workflow's step, as the runner starts it. */
  async script(text: string, env: Record<string, string> = {}): Promise<FinishedTool> {
    const path = join(this.folder, 'script.sh');
    await writeFile(path, text);
    return await this.#run('bash', ['--noprofile', '--norc', '-eo', 'pipefail', path], env, {});
  }

  async #run(
    program: string,
    args: string[],
    env: Record<string, string>,
    event: object,
  ): Promise<FinishedTool> {
    const output = join(this.folder, 'output');
    await writeFile(output, '');
    await writeFile(join(this.folder, 'event.json'), JSON.stringify(event));
    const { code, log } = await new Promise<{ code: number; log: string }>((settle) => {
      execFile(
        program,
        args,
        {
          cwd: this.folder,
          env: {
            PATH: process.env.PATH,
            GITHUB_API_URL: this.github.url,
            GITHUB_SERVER_URL: 'https://github.com',
            GITHUB_TOKEN: 'token',
            GITHUB_REPOSITORY: 'octo/attrition',
            GITHUB_EVENT_PATH: join(this.folder, 'event.json'),
            GITHUB_OUTPUT: output,
            ...env,
          },
        },
        (error, stdout, stderr) => settle({ code: error ? 1 : 0, log: stdout + stderr }),
      );
    });
    const lines = (await readFile(output, 'utf8')).matchAll(/^([\w-]+)<<(\S+)\n([\s\S]*?)\n\2$/gm);
    return { code, log, outputs: Object.fromEntries([...lines].map(([, key, , value]) => [key, value])) };
  }
}

export const withEnvironments =
  'project: churn\nproblem: binary\ndata: { source: rows.csv, target: left }\nenvironments:\n' +
  '  staging: { account: "111111111111", region: eu-west-1 }\n' +
  '  production: { account: "111111111111", region: us-east-1, approval: true }\n';
