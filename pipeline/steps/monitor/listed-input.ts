import type { StepContext } from '../context.ts';
import { manifestOf, processingInput } from '../train/job-parameters.ts';

/**
 * A job's input of objects that are listed one by one (S3's ManifestFile), since a job takes ten inputs at most. The job finds
 * each at the rest of its URI, after the shared prefix.
 * @param list the URI of the list, which is written
 */
export async function listedInput(
  name: string,
  uris: readonly string[],
  { list, prefix }: { list: string; prefix: string },
  { storage }: Pick<StepContext, 'storage'>,
): Promise<object> {
  const other = uris.find((uri) => !uri.startsWith(prefix));
  if (other !== undefined) throw new Error(`${other}: got another place, expected an object below ${prefix}`);
  await storage.write(
    list,
    manifestOf(
      prefix,
      uris.map((uri) => uri.slice(prefix.length)),
    ),
  );
  return processingInput(name, list, 'ManifestFile');
}
