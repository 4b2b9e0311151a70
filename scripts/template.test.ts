import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { copySample } from '../fixtures/sample.fixture.ts';
import { whoseChecks } from './template.ts';

let root: string;
const here = (...path: string[]) => join(root, ...path);
const checks = (env: Record<string, string> = {}) => whoseChecks(root, env).checks;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'mlops-template-'));
  copySample(root);
  copySample(here('fixtures/sample'));
});
afterEach(() => rmSync(root, { recursive: true }));

test("with the sample as it came the checks are the template's", () => {
  writeFileSync(here('model/README.md'), 'Not of the copy');
  mkdirSync(here('model/src/sample_model/__pycache__'));
  writeFileSync(here('model/src/sample_model/__pycache__/train.pyc'), '');
  expect(whoseChecks(root, {})).toEqual({
    checks: 'template',
    because: 'mlops.yaml and model/ are the sample that the template comes with',
    holdsSample: true,
  });
});

test.each([
  ['another mlops.yaml', () => writeFileSync(here('mlops.yaml'), 'project: mine\n'), 'mlops.yaml'],
  ['other data', () => writeFileSync(here('model/data/attrition.csv'), 'a,b\n'), 'model/data/attrition.csv'],
  [
    'a module more',
    () => writeFileSync(here('model/src/sample_model/mine.py'), ''),
    'model/src/sample_model/mine.py',
  ],
  ['no model', () => rmSync(here('model'), { recursive: true }), 'model/Dockerfile'],
])("with %s they are a project's", (_what, edit, file) => {
  edit();
  expect(whoseChecks(root, {})).toEqual({
    checks: 'project',
    because: `${file} is not what the template comes with`,
    holdsSample: false,
  });
});

test('TEMPLATE_CHECKS decides where it is set', () => {
  expect(checks({ TEMPLATE_CHECKS: 'false' })).toBe('project');
  writeFileSync(here('mlops.yaml'), 'project: mine\n');
  expect(whoseChecks(root, { TEMPLATE_CHECKS: 'true' })).toEqual({
    checks: 'template',
    because: 'TEMPLATE_CHECKS is true',
    holdsSample: true,
  });
  expect(() => checks({ TEMPLATE_CHECKS: 'yes' })).toThrow(
    'TEMPLATE_CHECKS: got "yes", expected true or false',
  );
});

test.each([true, false])(
  'on GitHub only the template itself holds the sample and its copy equal: %s',
  (is_template) => {
    const event = here('event.json');
    writeFileSync(event, JSON.stringify({ repository: { is_template } }));
    expect(whoseChecks(root, { TEMPLATE_CHECKS: 'true', GITHUB_EVENT_PATH: event })).toMatchObject({
      checks: 'template',
      holdsSample: is_template,
    });
  },
);
