import { registryContract } from '../../ports.contract.ts';
import { FileLedger } from './file-ledger.ts';
import { LedgerRegistry } from './ledger-registry.ts';
import { temporaryFolder } from './python-context.fixture.ts';

registryContract('LedgerRegistry', async () => {
  const root = temporaryFolder();
  return (group) => new LedgerRegistry(new FileLedger(root), group);
});
