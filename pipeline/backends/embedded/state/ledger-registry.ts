import { ConflictError, NotFoundError } from '../../../errors.ts';
import { packageKey } from '../../../package-key.ts';
import type {
  ApprovalStatus,
  Ledger,
  ModelPackage,
  PackageDescription,
  PackageSummary,
  Registry,
} from '../../../ports.ts';

const kind = 'package';

/** The registry as items of a ledger; a conditional write gives each package its own number. */
export class LedgerRegistry implements Registry {
  readonly #ledger: Ledger;
  readonly #group: string;

  constructor(ledger: Ledger, group: string) {
    this.#ledger = ledger;
    this.#group = group;
  }

  async register(description: PackageDescription): Promise<ModelPackage> {
    const newest = (await this.#all())[0];
    for (let number = newest === undefined ? 1 : numberOf(newest) + 1; ; number++) {
      const name = `${this.#group}/${number}`;
      try {
        const item: ModelPackage = { ...description, name, status: 'PendingManualApproval' };
        return (await this.#ledger.putIf(kind, name, item, 0)).value;
      } catch (error) {
        if (!(error instanceof ConflictError)) throw error;
      }
    }
  }

  async get(name: string): Promise<ModelPackage | null> {
    return (await this.#ledger.get<ModelPackage>(kind, name))?.value ?? null;
  }

  async find(key: string): Promise<ModelPackage | null> {
    return (await this.#all()).find((item) => packageKey(item) === key) ?? null;
  }

  async list(most = Number.POSITIVE_INFINITY): Promise<PackageSummary[]> {
    return (await this.#all()).slice(0, most).map(({ name, status }) => ({ name, status }));
  }

  async approve(name: string, status: ApprovalStatus, _reason: string): Promise<void> {
    const found = await this.get(name);
    if (found === null) throw new NotFoundError(`model package ${name}: not in the registry`);
    await this.#ledger.put(kind, name, { ...found, status });
  }

  async #all(): Promise<ModelPackage[]> {
    // Its number stays taken, because the conditional write sees its file.
    const packages = (await this.#ledger.list<ModelPackage>(kind, () => {})).map((item) => item.value);
    return packages
      .filter((item) => item.name.startsWith(`${this.#group}/`))
      .sort((a, b) => numberOf(b) - numberOf(a));
  }
}

const numberOf = ({ name }: ModelPackage): number => Number(name.slice(name.lastIndexOf('/') + 1));
