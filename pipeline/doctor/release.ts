import { embeddedContext } from '../backends/embedded/embedded-context.ts';
import { type NamedPartition, partitionKind } from '../backends/embedded/state/partitions.ts';
import { type Champion, championId, championKind } from '../steps/context.ts';
import { pointerUri, predictionsFolder } from '../steps/release/artifacts.ts';
import { pointerText } from '../steps/release/point.ts';
import {
  currentId,
  type Delivered,
  deliveredKind,
  type Pointer,
  pointerKind,
} from '../steps/release/records.ts';
import { changed } from '../steps/train/unchanged.ts';
import { type Check, ok, problem, warning } from './check.ts';
import { repairs, type State } from './state-folder.ts';

/** Checks that readers see the release that the ledger names, and that its predictions are what was delivered. */
export async function checkRelease(state: State): Promise<Check> {
  const context = embeddedContext(state);
  const { ledger, storage, model } = context;
  const pointer = (await ledger.get<Pointer>(pointerKind, currentId))?.value;
  if (pointer === undefined) return ok('Release', 'nothing is released');
  const text = pointerText(pointer, model);
  const uri = pointerUri(context);
  const shown = await storage
    .read(uri)
    .then((bytes) => new TextDecoder().decode(bytes))
    .catch(() => null);
  if (shown !== text) {
    const found = `${uri} ${shown === null ? 'is missing' : 'names another release'}, expected ${pointer.release}`;
    if (!state.repair) return problem('Release', found, `Readers see what it names. ${repairs}`);
    await storage.write(uri, text);
    return ok('Release', `repaired: ${found}`);
  }
  const again = 'Release it again: `npx mlops release` predicts the rows anew.';
  const delivered = (await ledger.list<Delivered>(deliveredKind)).find(
    ({ value }) => value.release === pointer.release,
  );
  if (pointer.mode === 'batch') {
    const partition = await ledger.get<NamedPartition>(partitionKind, pointer.release);
    if (partition?.value.location !== predictionsFolder(context, pointer.release))
      return problem('Release', `${pointer.release}: the catalog does not list its predictions`, again);
    const why = delivered ? await changed(delivered.value.objects, storage) : 'no record of its predictions';
    if (why !== null) return problem('Release', `${pointer.release}: ${why}`, again);
  }
  const champion = (await ledger.get<Champion>(championKind, championId))?.value;
  if (champion && champion.package !== pointer.package)
    return warning(
      'Release',
      `${pointer.package} is released, and ${champion.package} is the champion`,
      '`npx mlops release` releases the champion.',
    );
  return ok('Release', `${pointer.package}, as release ${pointer.release}`);
}
