import prices from './prices.json' with { type: 'json' };

/** What a job is billed as. A batch transform is billed as hosting is. */
export type Component = 'processing' | 'training' | 'transform';

/** On-demand price of one instance. */
export interface Price {
  region: string;
  component: Component;
  /** As SageMaker calls it: ml.m5.large. */
  instance: string;
  usd_per_hour: number;
  /** Where the number is from, and when it held there (YYYY-MM-DD). */
  source: string;
  date: string;
}

/** The prices that are known; `node scripts/update-prices.ts REGION...` writes a region's from AWS's own price list. */
export const priceTable = prices as readonly Price[];

/** null where the table has no such price: none is ever made from another region's or instance's. */
export function priceOf(
  component: Component,
  instance: string,
  region: string,
  table: readonly Price[] = priceTable,
): Price | null {
  return (
    table.find(
      (price) => price.region === region && price.component === component && price.instance === instance,
    ) ?? null
  );
}
