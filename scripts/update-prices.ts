/** node scripts/update-prices.ts REGION...: writes the regions' prices of SageMaker jobs from AWS's public price list. */
import { writeFile } from 'node:fs/promises';
import { type OfferFile, offerUrl, pricesIn, withRegion } from '../pipeline/cost/offer-file.ts';
import { type Price, priceTable } from '../pipeline/cost/price-table.ts';

const regions = process.argv.slice(2);
const wrong = regions.find((region) => !/^[a-z]{2}(-[a-z]+)+-\d$/.test(region));
if (regions.length === 0 || wrong !== undefined) {
  console.error(
    `got ${wrong ?? 'no region'}; expected regions: node scripts/update-prices.ts us-east-1 eu-central-1`,
  );
  process.exit(2);
}

let table: readonly Price[] = priceTable;
for (const region of regions) {
  const response = await fetch(offerUrl(region)).catch((error: Error) => {
    console.error(
      `${region}: ${offerUrl(region)} was not reached (${(error.cause as Error)?.message}); the table stays`,
    );
    process.exit(1);
  });
  if (!response.ok) {
    console.error(`${region}: AWS answered ${response.status} to GET ${offerUrl(region)}, expected 200`);
    process.exit(1);
  }
  const prices = pricesIn((await response.json()) as OfferFile, region);
  if (prices.length === 0) {
    console.error(`${region}: found no price of a job in ${offerUrl(region)}; the table stays as it was`);
    process.exit(1);
  }
  table = withRegion(table, region, prices);
  console.log(`${region}: ${prices.length} prices`);
}
const lines = table.map((price) => `  ${JSON.stringify(price)}`);
await writeFile(new URL('../pipeline/cost/prices.json', import.meta.url), `[\n${lines.join(',\n')}\n]\n`);
