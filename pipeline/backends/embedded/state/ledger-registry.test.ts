import { registryContract } from '../../../ports.contract.ts';
import { temporaryFolder } from '../images/python-context.fixture.ts';
import { FileLedger } from './file-ledger.ts';
import { LedgerRegistry } from './ledger-registry.ts';

registryContract('LedgerRegistry', async () => {
  const root = temporaryFolder();
  return (group) => new LedgerRegistry(new FileLedger(root), group);
});
