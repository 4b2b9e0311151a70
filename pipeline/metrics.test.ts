import { expect, test } from '@jest/globals';
import { metricText } from './metrics.ts';

test('an unknown metric stands for itself, whatever it is called', () => {
  expect(metricText('roc_auc').label).toBe('ROC AUC');
  expect(metricText('__proto__').label).toBe('__proto__');
});
