import type { Contract } from './contract.ts';

/** A binary model with a column of each type, as the sample answers: factors and their contributions after the score. */
export const attrition = (changes: Partial<Contract> = {}): Contract => ({
  project: 'attrition',
  model: 'attrition',
  package: 'attrition/3',
  problem: 'binary',
  target: 'Attrition',
  labels: ['No', 'Yes'],
  contentType: 'text/csv',
  features: [
    { name: 'Income', type: 'number', values: null, sensitive: false },
    { name: 'OverTime', type: 'boolean', values: null, sensitive: false },
    { name: 'Role', type: 'category', values: ['Clerk', 'Nurse, ward'], sensitive: false },
    { name: 'Remark', type: 'category', values: null, sensitive: false },
  ],
  rowId: 'Id',
  ignored: ['Attrition', 'Age'],
  threshold: 0.3,
  output: 'probability',
  extra: ['factor_1', 'contribution_1', 'factor_2', 'contribution_2'],
  decimal: '.',
  sensitive: [],
  scripted: false,
  ...changes,
});

/** A record that the model takes. */
export const record = (changes: Record<string, unknown> = {}): Record<string, unknown> => ({
  Id: 17,
  Income: 5993,
  OverTime: true,
  Role: 'Clerk',
  Remark: 'likes it',
  ...changes,
});
