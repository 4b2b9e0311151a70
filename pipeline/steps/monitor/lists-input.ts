import type { StepContext } from '../context.ts';
import { processingInput } from '../train/job-parameters.ts';

/** Where lists of objects are written, and the prefix that all of the objects share. */
export interface Lists {
  folder: string;
  root: string;
}

/**
 * A job's input of objects that are listed one by one (S3's ManifestFile), since a job takes ten inputs at most. The job finds
 * each at its URI's rest, after the shared prefix.
 */
export async function listsInput(
  name: string,
  uris: readonly string[],
  { folder, root }: Lists,
  { storage }: Pick<StepContext, 'storage'>,
): Promise<object> {
  const list = `${folder}${name}.manifest`;
  const other = uris.find((uri) => !uri.startsWith(root));
  if (other !== undefined) throw new Error(`${other}: got another place, expected an object below ${root}`);
  await storage.write(list, JSON.stringify([{ prefix: root }, ...uris.map((uri) => uri.slice(root.length))]));
  const { S3Input, ...input } = processingInput(name, list);
  return { ...input, S3Input: { ...S3Input, S3DataType: 'ManifestFile' } };
}
