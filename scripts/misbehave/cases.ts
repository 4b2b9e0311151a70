export interface Case {
  /** The value of the hyperparameter `train` or `serve` (programs.py). */
  name: string;
  of: 'train' | 'serve';
  does: string;
  /** What the run must say. */
  says: RegExp;
  /** Ctrl-C is pressed once the program has begun to misbehave, because it would be waited for. */
  interrupted?: true;
  /** The exit code of `mlops run`; default: 1, or 130 where it is interrupted. */
  code?: number;
  /** What neither the run's output nor the jobs' logs may hold. */
  hides?: RegExp;
  /** The logs may: they hold the bytes as they were printed. */
  raw?: true;
  /** Part of the short form, which runs with the quick tests. */
  short?: true;
}

const stopped = { interrupted: true, says: /stopped|cancelled|interrupt/i } as const;
const entries = 'regular files and folders only';

/** Programs that misbehave, and what the pipeline has to say of each. */
export const cases: readonly Case[] = [
  { name: 'hang', of: 'train', does: 'never ends', ...stopped, short: true },
  { name: 'ignores-sigterm', of: 'train', does: 'never ends and ignores SIGTERM', ...stopped },
  { name: 'floods', of: 'train', does: 'prints lines without end', ...stopped },
  { name: 'line-without-end', of: 'train', does: 'prints one line without end', ...stopped },
  {
    name: 'fork-bomb',
    of: 'train',
    does: 'starts 200 processes and exits with 3',
    says: /exit code: 3/,
    short: true,
  },
  {
    name: 'detached-child',
    of: 'train',
    does: 'leaves a child in a session of its own, with an empty environment',
    says: /exit code: 3/,
    short: true,
  },
  {
    name: 'huge-failure-file',
    of: 'train',
    does: 'writes 100 MB into /opt/ml/output/failure',
    says: /why it failed, at length/,
    hides: /(why it failed, at length. ){60}/,
  },
  {
    name: 'fifo-as-failure-file',
    of: 'train',
    does: 'makes a FIFO of /opt/ml/output/failure',
    says: /output\/failure: found a FIFO, expected a regular file/,
    short: true,
  },
  {
    name: 'links-failure-file',
    of: 'train',
    does: 'links /opt/ml/output/failure to /etc/passwd',
    says: /output\/failure: found a symbolic link, expected a regular file/,
    hides: /root:.*:0:0:/,
  },
  {
    name: 'fifo-in-model',
    of: 'train',
    does: 'makes a FIFO in the model',
    says: RegExp(`model/pipe: found a FIFO, expected ${entries}`),
  },
  {
    name: 'socket-in-model',
    of: 'train',
    does: 'makes a socket in the model',
    says: RegExp(`model/socket: found a socket, expected ${entries}`),
  },
  {
    name: 'link-in-model',
    of: 'train',
    does: 'links a file of the model to /etc/passwd',
    says: /model\/weights: found a symbolic link/,
  },
  {
    name: 'device-in-model',
    of: 'train',
    does: 'links a file of the model to /dev/zero',
    says: /model\/weights: found a symbolic link/,
  },
  {
    name: 'links-input',
    of: 'train',
    does: "links /opt/ml/input to the job's folder on this machine",
    says: /\/opt\/ml\/input: found a symbolic link, expected a folder/,
  },
  {
    name: 'sparse-file',
    of: 'train',
    does: 'makes a sparse file of 1 TB in the model',
    says: /found a sparse file of 1099511627776 bytes/,
  },
  {
    name: 'deep-folders',
    of: 'train',
    does: 'makes 3,000 folders in one another',
    says: /found folders deeper than 100/,
  },
  {
    name: 'many-files',
    of: 'train',
    does: 'writes 110,000 files',
    says: /found more than 100,000 files and folders/,
  },
  {
    name: 'closed-folder',
    of: 'train',
    does: 'takes the rights to a folder of the model',
    says: /"outcome": "promote"|EACCES/,
    code: 0,
  },
  { name: 'exit-code', of: 'train', does: 'exits with 7', says: /exit code: 7/ },
  { name: 'segmentation-fault', of: 'train', does: 'ends by SIGSEGV', says: /exit code: 139/ },
  {
    name: 'dies-on-import',
    of: 'train',
    does: 'cannot be imported in its job',
    says: /no module named yesterday/,
  },
  {
    name: 'no-model',
    of: 'train',
    does: 'writes no model',
    says: /No such file or directory.*model\.json|serve ended, exit code: 1/,
  },
  {
    name: 'deletes-everything',
    of: 'train',
    does: 'deletes all of /opt/ml',
    says: /serve ended, exit code: 1|found|missing/,
  },
  {
    name: 'prints-secrets',
    of: 'train',
    does: 'prints an AWS key and a GitHub token',
    says: /key \[secret removed\] token \[secret removed\]/,
    hides: /AKIAA1A1|ghp_aaaa/,
    short: true,
  },
  {
    name: 'prints-commands',
    of: 'train',
    does: "prints terminal sequences and the runner's commands",
    says: /exit code: 1/,
    // biome-ignore lint/suspicious/noControlCharactersInRegex: the characters that a terminal obeys
    hides: /\u001b\]0|\u001b\[2J|^::/m,
    raw: true,
  },
  { name: 'dies-at-start', of: 'serve', does: 'dies before it listens', says: /serve ended, exit code: 1/ },
  {
    name: 'dies-in-the-middle',
    of: 'serve',
    does: 'dies at its first request',
    says: /serve ended, exit code: 7/,
    short: true,
  },
  { name: 'never-listens', of: 'serve', does: 'never listens', ...stopped },
  { name: 'slow', of: 'serve', does: 'never answers a request', ...stopped },
  { name: 'answers-nan', of: 'serve', does: 'answers NaN', says: /nan/i },
  { name: 'answers-text', of: 'serve', does: 'answers text instead of numbers', says: /error: bad record/ },
  {
    name: 'wrong-count',
    of: 'serve',
    does: 'answers a line too few',
    says: /expected one line for each of \d+ records, found \d+/,
  },
  {
    name: 'reordered',
    of: 'serve',
    does: 'answers in another order (cannot be seen; the gate finds chance)',
    says: /"outcome": "(reject|hold)"/,
    code: 0,
  },
  { name: 'huge', of: 'serve', does: 'answers without end', says: /it answers more than 100 MB/ },
  { name: 'empty-lines', of: 'serve', does: 'answers 50 million empty lines', says: /found 50000000/ },
  { name: 'binary', of: 'serve', does: 'answers bytes that are no text', says: /expected UTF-8/ },
  {
    name: 'no-newline',
    of: 'serve',
    does: 'ends its last line without a line end',
    says: /"outcome": "promote"/,
    code: 0,
  },
  {
    name: 'redirects',
    of: 'serve',
    does: 'redirects elsewhere',
    says: /Bad HTTP status received from algorithm: 302/,
  },
  {
    name: 'closes-connection',
    of: 'serve',
    does: 'closes the connection without an answer',
    says: /no answer from the algorithm/,
  },
  { name: 'fails-once', of: 'serve', does: 'answers 500 once', says: /"outcome": "promote"/, code: 0 },
  {
    name: 'fails-at-length',
    of: 'serve',
    does: 'answers 500 with 10 MB of HTML',
    says: /Bad HTTP status received from algorithm: 500/,
    hides: /(It went wrong\.<\/p><p>){60}/,
  },
  {
    name: 'stays',
    of: 'serve',
    does: 'ignores SIGTERM when it is no longer needed',
    says: /"outcome": "promote"/,
    code: 0,
  },
];
