import { expect, test } from '@jest/globals';
import { gateSettings } from './gate-settings.ts';

test('whatever changes what a model must show is found, however it is written', () => {
  const gate = [
    'gate=',
    'gate={}',
    'gate.enforce=false',
    '"gate".enforce=false',
    ' gate .floor=false',
    'defaults.gate.enforce=no',
    'defaults={}',
  ];
  const others = [
    'training.hyperparameters.gate=1',
    'data.source=gate.csv',
    'defaults.training.spot=true',
    'gates=1',
  ];
  expect(gateSettings([...others, ...gate])).toEqual(gate);
});
