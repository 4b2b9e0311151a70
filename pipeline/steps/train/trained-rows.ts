import { createHash } from 'node:crypto';
import { sha256 } from '../../hash.ts';
import type { ModelPackage } from '../../ports.ts';
import { type Manifest, preparedFile, readJson, type StepContext } from '../context.ts';
import { ArtifactChangedError } from './unchanged.ts';

/** Bytes of a row's mark: the first of sha256 of its id, or of the hash of its content (pipeline/prepare, trained.py). */
const width = 8;

/**
 * The ids of today's holdout that a model was trained on, by the list that its own prepare job wrote, whatever the data,
 * the split or its boundary are now; null if there is no list, because an earlier version of the pipeline made the model.
 * `manifest` is that of today's data, whose rows are known by the same columns.
 * @throws ArtifactChangedError if the list is not the one that its manifest names
 */
export async function trainedAmong(
  ids: readonly string[],
  { manifest: uri }: ModelPackage['preparation'],
  manifest: Pick<Manifest, 'row_id'>,
  context: Pick<StepContext, 'storage'>,
): Promise<ReadonlySet<string> | null> {
  const { trained } = (await readJson<Manifest>(context, uri)).files;
  if (trained === undefined) return null;
  const file = preparedFile(uri, trained);
  const content = Buffer.from(await context.storage.read(file));
  const found = sha256(content);
  if (found !== trained.sha256)
    throw new ArtifactChangedError(
      `${file}: got the sha256 ${found}, expected ${trained.sha256}: it is not the list of the rows that the model to compare with was trained on`,
    );
  // Without a column of ids, an id is the hash of the content and a number that tells equal rows apart.
  const keyOf = (id: string) => (manifest.row_id === null ? id.replace(/-\d+$/, '') : id);
  return new Set(ids.filter((id) => isListed(markOf(keyOf(id)), content)));
}

const markOf = (key: string): Buffer => createHash('sha256').update(key).digest().subarray(0, width);

/** Whether a mark is among the sorted ones. */
function isListed(mark: Buffer, marks: Buffer): boolean {
  let [low, high] = [0, marks.length / width];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    const order = mark.compare(marks, middle * width, (middle + 1) * width);
    if (order === 0) return true;
    if (order < 0) high = middle;
    else low = middle + 1;
  }
  return false;
}
