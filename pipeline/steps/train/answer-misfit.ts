import type { Config } from '../../config/schema.ts';
import type { Manifest } from '../context.ts';

/** An answer of `serve` with another number of columns than expected. */
interface Misfit {
  answer: readonly string[];
  /** The columns of the prediction, without the extra ones. */
  columns: readonly string[];
  manifest: Pick<Manifest, 'problem' | 'labels'>;
  model: Pick<Config['model'], 'output' | 'extra'>;
}

/** The columns found and expected and, if the answer tells what it is, the line of mlops.yaml that fixes it. */
export function misfitMessage({ answer, columns, manifest, model }: Misfit): string {
  const expected = [...columns, ...model.extra];
  const found = `got ${answer.length} columns (${answer.join(',').slice(0, 80)})`;
  return `${found}, expected ${expected.length}: ${expected.join(', ')}${fix({ answer, columns, manifest, model })}`;
}

function fix({ answer, columns, manifest, model }: Misfit): string {
  const { problem, labels } = manifest;
  const { output, extra } = model;
  const more = answer.length - columns.length - extra.length;
  const [negative, positive] = labels.map((label) => JSON.stringify(label));
  if (problem === 'binary' && output === 'probability' && more === 1 && addUpToOne(answer.slice(0, 2)))
    return (
      `. The first two add up to 1, as the probabilities of ${negative} and ${positive} do: let serve answer only that of ` +
      `${positive} (data.positive), with scikit-learn predict_proba(rows)[:, 1]`
    );
  if (
    problem === 'multiclass' &&
    output === 'probability' &&
    answer.length === 1 &&
    /^\d+(\.0*)?$/.test(answer[0] ?? '')
  )
    return `. If serve answers a class instead of probabilities, mlops.yaml says so: ${line('output: label')}`;
  if (problem === 'multiclass' && output === 'label' && more === labels.length - 1)
    return `. If serve answers a probability for each class, mlops.yaml says so: ${line('output: probability')}`;
  if (more > 0) {
    const names = Array.from({ length: more }, (_, at) => `column_${columns.length + extra.length + at + 1}`);
    return `. If they are columns that follow the prediction, mlops.yaml names them: ${line(extraOf([...extra, ...names]))}`;
  }
  const left = answer.length - columns.length;
  if (extra.length > 0 && left >= 0)
    return `. If serve does not answer ${extra.slice(left).join(', ')}, mlops.yaml says so: ${line(extraOf(extra.slice(0, left)))}`;
  return '';
}

/** What is wrong with an answer that names a class where a probability is expected; null if it does not. */
export function classMessage(answer: string, { problem, labels }: Misfit['manifest']): string | null {
  const code = labels.indexOf(answer);
  if (code === -1 || !Number.isNaN(Number(answer))) return null;
  const said = JSON.stringify(answer);
  const all = problem === 'binary' ? '[:, 1]' : '';
  return (
    `got ${said}, a class, expected a probability: let serve answer it, with scikit-learn predict_proba(rows)${all}; or ` +
    `let it answer the class as in the training files, ${code} for ${said}, and mlops.yaml says so: ${line('output: label')}`
  );
}

const line = (setting: string) => `model: { ${setting} } (in model.yaml without "model:")`;

const extraOf = (names: readonly string[]) => `extra: [${names.join(', ')}]`;

/** Whether these are probabilities that leave no other class; with room for what a model in single precision loses. */
function addUpToOne(texts: readonly string[]): boolean {
  const values = texts.map(Number);
  if (!values.every((value) => value >= 0 && value <= 1)) return false;
  return Math.abs(values.reduce((sum, value) => sum + value, 0) - 1) < 1e-4;
}
