import { expect, test } from '@jest/globals';
import { parseConfig } from '../../pipeline/config/load.ts';
import { priceOf } from './price.ts';
import type { Engine } from './project.ts';

const config = (engine: Engine) =>
  parseConfig(
    `project: churn\nproblem: binary\ndata: { source: d.csv, target: y }\nprepare: { engine: ${engine}, max_runtime: 15m }\ntraining: { max_runtime: 15m }\ntuning: off\n`,
  );

// us-east-1: SageMaker 0.115 USD an hour for ml.m5.large, Glue 0.44 a DPU, Fargate 0.04048 a vCPU and 0.004445 a GB.
test.each([
  ['processing', 3 * 0.115, 0.25 * 0.115],
  ['glue', 2 * 0.115 + 2 * 0.44, 0.25 * 2 * 0.44],
  ['fargate', 2 * 0.115 + 2 * 0.04048 + 8 * 0.004445, 0.25 * (2 * 0.04048 + 8 * 0.004445)],
] as const)('%s: about five minutes a job, at most every limit', (engine, hourly, prepare) => {
  const { most, text } = priceOf(config(engine), 'us-east-1');
  expect(most).toBeCloseTo(prepare + 0.25 * 0.115 + 6 * 0.115, 6);
  expect(text).toContain(`about $${(hourly / 12).toFixed(2)} `);
});

test('a region without known prices says so, and how to get them', () => {
  expect(priceOf(config('processing'), 'sa-east-1')).toEqual({
    most: null,
    text: expect.stringMatching(
      /price is not known.*ml\.m5\.large \(processing\).*update-prices\.ts sa-east-1/,
    ),
  });
});
