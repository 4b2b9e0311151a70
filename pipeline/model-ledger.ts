import type { Ledger, LedgerItem, LeftOut } from './ports.ts';

/** The ledger key of one model's items of a kind. The kind comes first, so that IAM policies can match `KIND/*`. */
export const kindOf = (kind: string, model: string): string => `${kind}/${model}`;

/** One model's view of a ledger, without the items of other models. */
export class ModelLedger implements Ledger {
  readonly #ledger: Ledger;
  readonly #model: string;

  constructor(ledger: Ledger, model: string) {
    this.#ledger = ledger;
    this.#model = model;
  }

  async get<T>(kind: string, id: string): Promise<LedgerItem<T> | null> {
    return await this.#ledger.get<T>(kindOf(kind, this.#model), id);
  }

  async put<T>(kind: string, id: string, value: T): Promise<LedgerItem<T>> {
    return await this.#ledger.put(kindOf(kind, this.#model), id, value);
  }

  async putIf<T>(kind: string, id: string, value: T, expectedVersion: number): Promise<LedgerItem<T>> {
    return await this.#ledger.putIf(kindOf(kind, this.#model), id, value, expectedVersion);
  }

  async list<T>(kind: string, leftOut?: LeftOut): Promise<LedgerItem<T>[]> {
    return await this.#ledger.list<T>(kindOf(kind, this.#model), leftOut);
  }
}
