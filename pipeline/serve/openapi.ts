import type { Contract, Feature } from './contract.ts';

/** The service as OpenAPI 3.1, from the package's manifest. */
export function openApiOf(contract: Contract): object {
  const { project, model, problem, labels, features, rowId, ignored, threshold } = contract;
  const answer = {
    type: 'object',
    required: ['score', 'decision', 'contributions', 'package'],
    properties: {
      id: { type: 'string', description: 'The row id, if the record had one.' },
      score: { type: ['number', 'null'], description: scoreText(contract) },
      decision:
        problem === 'regression'
          ? { type: 'null' }
          : { type: 'string', enum: [...labels], description: decisionText(contract) },
      ...(problem === 'multiclass' && {
        scores: {
          type: 'object',
          description: 'The probability of every class.',
          properties: Object.fromEntries(labels.map((label) => [label, { type: 'number' }])),
        },
      }),
      contributions: {
        type: 'array',
        description: "What moved the score, the strongest first, in the model's own unit.",
        items: {
          type: 'object',
          required: ['name', 'value'],
          properties: { name: { type: 'string' }, value: { type: 'number' } },
        },
      },
      extra: {
        type: 'object',
        description: "Further columns of the model's answer.",
        additionalProperties: { type: 'string' },
      },
      unseen: {
        type: 'array',
        description: 'Columns with a category that training did not know.',
        items: { type: 'string' },
      },
      package: { type: 'string', description: 'The package that answered.' },
    },
  };
  const record = {
    type: 'object',
    required: features.map(({ name }) => name),
    additionalProperties: false,
    properties: Object.fromEntries([
      ...features.map((feature) => [feature.name, propertyOf(feature)]),
      ...(rowId === null
        ? []
        : [
            [rowId, { type: ['string', 'number'], description: 'The id of the row; the answer repeats it.' }],
          ]),
      ...ignored.map((name) => [name, { description: 'Taken and not used: the model does not see it.' }]),
    ]),
  };
  const json = (schema: object) => ({ 'application/json': { schema } });
  const errors = (description: string) => ({
    description,
    content: json({ $ref: '#/components/schemas/Errors' }),
  });
  return {
    openapi: '3.1.0',
    info: {
      title: `${model}: predictions`,
      version: contract.package,
      description: `Predicts ${contract.target} (${problem}) with the released model of project ${project}.${
        contract.scripted
          ? ' A script prepared the training data: records have the columns that it makes.'
          : ''
      }${problem === 'binary' ? ` Decides ${labels[1]} from ${threshold} on.` : ''}`,
    },
    paths: {
      '/predict': {
        post: {
          operationId: 'predict',
          summary: 'Predicts records.',
          requestBody: {
            required: true,
            content: json({
              oneOf: [
                {
                  type: 'object',
                  required: ['records'],
                  additionalProperties: false,
                  properties: { records: { $ref: '#/components/schemas/Records' } },
                },
                { $ref: '#/components/schemas/Records' },
                { $ref: '#/components/schemas/Record' },
              ],
            }),
          },
          responses: {
            200: {
              description: 'One prediction for each record, in their order.',
              content: json({
                type: 'object',
                required: ['predictions'],
                properties: {
                  predictions: { type: 'array', items: { $ref: '#/components/schemas/Prediction' } },
                },
              }),
            },
            400: errors('Every problem with the records.'),
            413: errors('The body is too large.'),
            415: errors('The body is no JSON.'),
            502: errors("The model's answer cannot be used."),
            503: errors(
              'Nothing is released, or the model does not answer. Retry-After says when to try again.',
            ),
          },
        },
      },
      '/invocations': {
        post: {
          operationId: 'invocations',
          summary: "Sends a body to the model as it is: SageMaker's own interface.",
          requestBody: {
            required: true,
            content: { [contract.contentType]: { schema: { type: 'string' } } },
          },
          responses: {
            200: {
              description: 'One line for each record.',
              content: { [contract.contentType]: { schema: { type: 'string' } } },
            },
            503: errors('Nothing is released.'),
          },
        },
      },
      '/ping': {
        get: {
          operationId: 'ping',
          summary: 'Whether a model answers.',
          responses: { 200: { description: 'It does.' }, 503: { description: 'Nothing is released.' } },
        },
      },
      '/current': {
        get: {
          operationId: 'current',
          summary: 'The release and the package that answer.',
          responses: { 200: { description: 'They.', content: json({ type: 'object' }) } },
        },
      },
    },
    components: {
      schemas: {
        Record: record,
        Records: { type: 'array', minItems: 1, items: { $ref: '#/components/schemas/Record' } },
        Prediction: answer,
        Errors: {
          type: 'object',
          required: ['errors'],
          properties: {
            errors: {
              type: 'array',
              items: {
                type: 'object',
                required: ['record', 'column', 'message'],
                properties: {
                  record: { type: ['integer', 'null'], description: 'The number of the record, from 1.' },
                  column: { type: ['string', 'null'] },
                  message: { type: 'string' },
                },
              },
            },
          },
        },
      },
    },
  };
}

function propertyOf({ type, values, sensitive }: Feature): object {
  if (type === 'number') return { type: ['number', 'null'] };
  if (type === 'boolean') return { type: ['boolean', 'null'] };
  return { type: ['string', 'null'], ...(values !== null && !sensitive && { examples: [...values] }) };
}

function scoreText({ problem, output, labels }: Contract): string {
  if (problem === 'regression') return 'The predicted value.';
  if (output === 'label') return 'null: this model answers classes without a probability.';
  return problem === 'binary' ? `The probability of ${labels[1]}.` : 'The probability of the decided class.';
}

const decisionText = ({ problem, output, labels, threshold }: Contract): string =>
  problem === 'binary' && output === 'probability'
    ? `${labels[1]} where the score is at least ${threshold}, else ${labels[0]}.`
    : 'The decided class.';
