import { expect, test } from '@jest/globals';
import { type Entry, Groups } from './concurrency.fixture.ts';
import { play, type Workflow, workflows } from './workflow.fixture.ts';

const files = workflows();
const file = (name: string): Workflow => {
  const found = files[name];
  if (found === undefined) throw new Error(`got no ${name}`);
  return found;
};

/** A repository whose main is pushed to while workflows run, one order of GitHub's choosing after another. */
class Repository {
  head = '';
  /** The commits that were deployed, in this order. */
  readonly deployed: string[] = [];
  readonly trained: string[] = [];
  readonly groups = new Groups();
  readonly #work = new Map<Entry, () => void>();
  readonly #choose: (waiting: Entry[]) => Entry | undefined;
  readonly #change: (workflow: Workflow) => Workflow;
  #runs = 0;

  constructor(
    choose: (waiting: Entry[]) => Entry | undefined = ([first]) => first,
    change = (workflow: Workflow) => workflow,
  ) {
    this.#choose = choose;
    this.#change = change;
  }

  merge(sha: string): Entry {
    this.head = sha;
    return this.#start('deploy.yml', { event_name: 'push', sha, event: { before: '1' } });
  }

  retrain(event_name: string, vars: Record<string, string> = {}): Entry {
    return this.#start('retrain.yml', { event_name, sha: this.head }, vars);
  }

  /** Ends what runs until nothing does. */
  settle(): void {
    for (let running = this.groups.running; running.length > 0; running = this.groups.running)
      for (const entry of running) this.end(entry);
  }

  end(entry: Entry): void {
    this.#work.get(entry)?.();
    this.groups.end(entry, this.#choose);
  }

  #start(name: string, github: Record<string, unknown>, vars: Record<string, string> = {}): Entry {
    const workflow = this.#change(file(name));
    const repository = { default_branch: 'main', visibility: 'private' };
    const contexts = {
      github: {
        run_id: ++this.#runs,
        ref_name: 'main',
        ...github,
        event: { repository, ...(github.event as object) },
      },
      inputs: {},
      vars,
    };
    const entry = this.groups.enter(`${name} ${String(github.sha)}`, workflow.concurrency, contexts);
    this.#work.set(entry, () => {
      const sha = String(github.sha);
      // What tools/head.ts answers when the turn of the run comes.
      const current = sha === this.head;
      const outcomes = play(workflow, contexts, (job) =>
        job !== 'build' || current || name === 'deploy.yml'
          ? { outputs: { current: String(current), mode: 'promote' } }
          : { result: 'failure' },
      );
      if (outcomes.embedded?.result === 'success')
        (name === 'deploy.yml' ? this.deployed : this.trained).push(sha);
    });
    return entry;
  }
}

/** Every way in which GitHub may choose of those that wait, three at most. */
const orders = [0, 1, 2, 3, 4, 5].map((order) => {
  let round = order;
  return (waiting: Entry[]) => {
    const next = waiting[round % Math.max(1, waiting.length)];
    round = Math.floor(round / 2) + order;
    return next;
  };
});

function busyDay(repository: Repository): void {
  repository.merge('a');
  repository.merge('b');
  repository.retrain('schedule');
  repository.retrain('workflow_dispatch');
  repository.merge('c');
  repository.retrain('schedule', { RETRAIN_ON_SCHEDULE: 'true' });
  repository.retrain('repository_dispatch');
  repository.settle();
}

test.each(orders)(
  'three merges with retrains between: the last one is deployed, and no older one after it, %#',
  (choose) => {
    const repository = new Repository(choose);
    busyDay(repository);
    expect(repository.deployed).toEqual(['c']);
  },
);

test('the same with one waiting place loses the deployment', () => {
  const repository = new Repository(undefined, (workflow) => {
    const { queue: _, ...concurrency } = workflow.concurrency ?? { group: '' };
    return { ...workflow, concurrency };
  });
  busyDay(repository);
  expect(repository.deployed).toEqual([]);
});

test('a schedule that is off waits for nobody and takes no place', () => {
  const repository = new Repository();
  repository.merge('a');
  expect(repository.retrain('schedule').state).toBe('running');
  expect(repository.retrain('schedule', { RETRAIN_ON_SCHEDULE: 'true' }).state).toBe('pending');
});

test('a retrain that waited while main moved on promotes no older code', () => {
  const repository = new Repository();
  repository.merge('a');
  repository.retrain('workflow_dispatch');
  repository.merge('b');
  repository.settle();
  expect(repository.trained).toEqual([]);
  expect(repository.deployed).toEqual(['b']);
});

test('a run of an old commit that is run again deploys nothing', () => {
  const repository = new Repository();
  repository.merge('a');
  repository.settle();
  repository.merge('b');
  repository.settle();
  repository.head = 'b';
  const again = repository.merge('a');
  repository.head = 'b';
  repository.end(again);
  expect(repository.deployed).toEqual(['a', 'b']);
});

const approve = (environment: string) => ({
  needs: { build: { outputs: { approval: environment } } },
  inputs: {},
  vars: {},
  github: {},
});

test.each(['ask', 'aws'])(
  'a hold that waits for its reviewers (%s) keeps no deployment waiting; a newer hold takes its place',
  (job) => {
    const { jobs, concurrency } = file('approve.yml');
    const repository = new Repository();
    const request = repository.groups.enter('request', concurrency, {
      inputs: { run: '5', environment: 'staging' },
    });
    expect(request.state).toBe('running');
    const waiting = repository.groups.enter('first', jobs[job]?.concurrency, approve('staging-approval'));
    expect(waiting.state).toBe('running');
    const deployment = repository.merge('a');
    expect(deployment.state).toBe('running');
    const other = repository.groups.enter('other', jobs[job]?.concurrency, approve('production-approval'));
    const newer = repository.groups.enter('newer', jobs[job]?.concurrency, approve('staging-approval'));
    expect([waiting, other, newer].map(({ state }) => state)).toEqual(['cancelled', 'running', 'running']);
  },
);

test('a promotion on the runner waits for what writes the same state, and is never cut off', () => {
  const { jobs } = file('approve.yml');
  const repository = new Repository();
  const deployment = repository.merge('a');
  const promotion = repository.groups.enter('promotion', jobs.embedded?.concurrency, approve('approval'));
  expect(promotion.state).toBe('pending');
  repository.end(deployment);
  expect(promotion.state).toBe('running');
  repository.merge('b');
  repository.groups.enter('a second one', jobs.embedded?.concurrency, approve('approval'));
  expect(promotion.state).toBe('running');
});

test.each([
  ['on the runner', '', 'a deployment'],
  ['on AWS', 'production', 'a release of the same environment'],
])('a rollback %s (%j) waits for %s and for nothing else, and is never cut off', (_, environment) => {
  const { jobs } = file('rollback.yml');
  const repository = new Repository();
  const needs = { build: { outputs: { environment, approval: 'approval' } } };
  const contexts = { needs, inputs: { environment }, vars: {}, github: { run_id: 1 } };
  const before =
    environment === ''
      ? repository.merge('a')
      : repository.groups.enter(
          'release',
          file('deploy-environment.yml').jobs.release?.concurrency,
          contexts,
        );
  // Asking its reviewers waits for nobody.
  expect(repository.groups.enter('ask', jobs.ask?.concurrency, contexts).state).toBe('running');
  const rollback = repository.groups.enter('rollback', jobs.rollback?.concurrency, contexts);
  expect(rollback.state).toBe('pending');
  const other = { ...contexts, needs: { build: { outputs: { environment: 'staging' } } } };
  expect(repository.groups.enter('another', jobs.rollback?.concurrency, other).state).toBe('running');
  // One that comes later replaces neither.
  repository.groups.enter('later', jobs.rollback?.concurrency, contexts);
  expect(rollback.state).toBe('pending');
  repository.end(before);
  expect(rollback.state).toBe('running');
});

test('a new title of a pull request does not end its run, a push does', () => {
  const { concurrency } = file('pull-request.yml');
  const groups = new Groups();
  const event = (action: string, changes: object, run_id: number) =>
    groups.enter(action, concurrency, {
      github: { run_id, event: { action, changes, pull_request: { number: 7 } } },
    });
  const running = event('synchronize', {}, 1);
  event('edited', { title: { from: 'x' } }, 2);
  expect(running.state).toBe('running');
  event('edited', { base: { ref: { from: 'x' } } }, 3);
  expect(running.state).toBe('cancelled');
});

test("a fork's run that has nothing to report does not end the report of one that has", () => {
  const { concurrency } = file('pull-request-report.yml');
  const groups = new Groups();
  const event = (conclusion: string, run_id: number) =>
    groups.enter(conclusion, concurrency, {
      github: {
        run_id,
        event: {
          workflow_run: { conclusion, head_branch: 'x', head_repository: { full_name: 'mallory/attrition' } },
        },
      },
    });
  const report = event('success', 1);
  event('skipped', 2);
  event('action_required', 3);
  expect(report.state).toBe('running');
  event('failure', 4);
  expect(report.state).toBe('cancelled');
});

test('every group has a queue that GitHub knows, and none that it refuses', () => {
  const groups = Object.entries(files).flatMap(([name, { concurrency, jobs }]) =>
    [concurrency, ...Object.values(jobs).map((job) => job.concurrency)]
      .filter((each) => each !== undefined)
      .map((each) => ({ name, ...each })),
  );
  expect(groups.length).toBeGreaterThan(8);
  for (const { name, queue, ...rest } of groups) {
    expect({ name, queue }).toEqual({
      name,
      queue: queue === undefined ? undefined : expect.stringMatching(/^(single|max)$/),
    });
    if (queue === 'max')
      expect({ name, cancels: rest['cancel-in-progress'] }).toEqual({ name, cancels: false });
  }
});

test('of more than a hundred that wait GitHub cancels the newest', () => {
  const groups = new Groups();
  const entries = Array.from({ length: 102 }, (_, index) =>
    groups.enter(String(index), { group: 'Main', queue: 'max' }, {}),
  );
  expect(entries.map(({ state }) => state).filter((state) => state === 'pending')).toHaveLength(100);
  expect(entries.at(-1)?.state).toBe('cancelled');
});
