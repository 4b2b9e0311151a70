import { expect, test } from '@jest/globals';
import { parseConfig } from '../../pipeline/config/load.ts';
import { type Hold, holdTag } from '../../pipeline/image/held.ts';
import { imageTag } from '../../pipeline/names.ts';
import { environmentStack, resourcesOf, stackOf } from '../environment.fixture.ts';
import { environmentOf } from '../environment.ts';
import { isAllowed } from '../iam/evaluate.fixture.ts';
import { expired, type StoredImage } from './lifecycle.fixture.ts';

/** The deployed rules, with time passing. */

const repositories = Object.fromEntries(
  Object.values(resourcesOf(environmentStack('staging')))
    .filter(({ Type }) => Type === 'AWS::ECR::Repository')
    .map(({ Properties }) => [
      String(Properties.RepositoryName).split('/').at(-1),
      (Properties.LifecyclePolicy as { LifecyclePolicyText: string }).LifecyclePolicyText,
    ]),
);

/** A repository that forgets as ECR does. Tags never change, and a further tag is no further push. */
class Aged {
  readonly #policy: string;
  #images: StoredImage[] = [];
  #today = 0;

  constructor(repository: 'candidate' | 'release') {
    this.#policy = repositories[repository] ?? '';
  }

  push(name: string): void {
    // One after the other within the day.
    const pushed = this.#today + this.#images.length / 1e6;
    this.#images.push({ digest: `sha256:${name}`, tags: [imageTag('model', name)], pushed });
  }

  hold(name: string, how: Hold): void {
    this.#images = this.#images.map((image) =>
      image.digest === `sha256:${name}`
        ? { ...image, tags: [...image.tags, holdTag(how, image.digest)] }
        : image,
    );
  }

  pass(days: number): void {
    for (let day = 0; day < days; day++) {
      this.#today++;
      const gone = new Set(expired(this.#policy, this.#images, this.#today));
      this.#images = this.#images.filter((image) => !gone.has(image));
    }
  }

  get names(): string[] {
    return this.#images.map(({ digest }) => digest.replace('sha256:', ''));
  }
}

test('a candidate stays for as long as what holds it: not at all, judged, or promoted', () => {
  const candidate = new Aged('candidate');
  for (const name of ['pushed', 'judged', 'champion', 'anchor']) candidate.push(name);
  for (const name of ['judged', 'champion', 'anchor']) candidate.hold(name, 'judged');
  candidate.pass(29);
  expect(candidate.names).toEqual(['pushed', 'judged', 'champion', 'anchor']);
  candidate.hold('champion', 'always');
  candidate.pass(5);
  expect(candidate.names).toEqual(['judged', 'champion', 'anchor']);
  // An anchor that mlops.yaml names late.
  candidate.pass(300);
  candidate.hold('anchor', 'always');
  candidate.pass(60);
  expect(candidate.names).toEqual(['champion', 'anchor']);
});

test('every past champion stays, however many pull requests come after it', () => {
  const candidate = new Aged('candidate');
  const champions: string[] = [];
  for (let week = 0; week < 3 * 52; week++) {
    for (let pull = 0; pull < 40; pull++) {
      candidate.push(`${week}-${pull}`);
      candidate.hold(`${week}-${pull}`, 'judged');
    }
    candidate.hold(`${week}-0`, 'always');
    champions.push(`${week}-0`);
    candidate.pass(7);
  }
  expect(candidate.names).toEqual(expect.arrayContaining(champions));
  // A year of judged candidates and the champions: it does not grow without bound.
  expect(candidate.names.length).toBeLessThan(40 * 53 + champions.length);
});

test("main's image stays in use, though nothing is pushed for years; a champion stays behind a thousand releases", () => {
  const release = new Aged('release');
  release.push('main');
  release.pass(3 * 365);
  expect(release.names).toEqual(['main']);
  release.hold('main', 'always');
  for (let merge = 0; merge < 1500; merge++) release.push(`merge-${merge}`);
  release.pass(1);
  expect(release.names).toContain('main');
  expect(release.names).toContain('merge-1499');
  expect(release.names.length).toBeLessThanOrEqual(1001);
});

/** The repositories' policies, with production in this account. */
function policies(production: string, environment: 'staging' | 'production'): unknown[] {
  const config = parseConfig(
    'project: churn\nproblem: binary\ndata: { source: s3://rows/a.csv, target: left }\nenvironments:\n' +
      '  staging: { account: "111111111111", region: eu-west-1 }\n' +
      `  production: { account: "${production}", region: us-east-1, approval: true }\n`,
  );
  return Object.values(resourcesOf(stackOf(environmentOf([config], environment))))
    .filter(({ Type }) => Type === 'AWS::ECR::Repository')
    .map(({ Properties }) => Properties.RepositoryPolicyText);
}

test('a deploy role in another account pulls what was reviewed here, and nobody else of that account', () => {
  const [candidate, release] = policies('222222222222', 'staging') as {
    Statement: Parameters<typeof isAllowed>[1]['policy'];
  }[];
  expect(release).toEqual(candidate);
  const statements = candidate?.Statement ?? [];
  expect(statements).toMatchObject([
    {
      Principal: {
        AWS: { 'Fn::Join': ['', ['arn:', { Ref: 'AWS::Partition' }, ':iam::222222222222:root']] },
      },
    },
  ]);
  // A repository's policy has no resource: it is the repository.
  const policy = statements.map((statement) => ({ ...statement, Resource: '*' }));
  const may = (action: string, principal: string) =>
    isAllowed(
      { action: `ecr:${action}`, resource: '*', context: { 'aws:PrincipalArn': principal } },
      { policy },
    );
  const deploy = 'arn:aws:iam::222222222222:role/churn--production--deploy';
  for (const action of ['BatchCheckLayerAvailability', 'BatchGetImage', 'GetDownloadUrlForLayer']) {
    expect(may(action, deploy)).toBe(true);
    for (const other of [`${deploy}-2`, 'arn:aws:iam::222222222222:role/churn--production--pull-request'])
      expect(may(action, other)).toBe(false);
  }
  expect(may('PutImage', deploy)).toBe(false);
});

test('without another account, or a pull request, a repository has no policy', () => {
  expect(policies('111111111111', 'staging')).toEqual([undefined, undefined]);
  expect(policies('222222222222', 'production')).toEqual([undefined, undefined]);
});
