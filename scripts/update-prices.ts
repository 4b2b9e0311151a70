/** node scripts/update-prices.ts REGION...: writes the regions' prices of jobs and endpoints (SageMaker, Glue, Fargate) from AWS's public price list. */
import { writeFile } from 'node:fs/promises';
import { type OfferFile, offerUrl, pricesIn, services, withRegion } from '../pipeline/cost/offer-file.ts';
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
  const prices: Price[] = [];
  for (const service of services) {
    const url = offerUrl(service, region);
    const response = await fetch(url).catch((error: Error) => {
      console.error(
        `${region}: ${url} could not be reached (${(error.cause as Error)?.message}); the table stays as it was`,
      );
      process.exit(1);
    });
    if (!response.ok) {
      console.error(`${region}: AWS answered ${response.status} to GET ${url}, expected 200`);
      process.exit(1);
    }
    const found = pricesIn((await response.json()) as OfferFile, service, region);
    if (found.length === 0) {
      console.error(`${region}: got no price of a job from ${url}, expected some; the table stays as it was`);
      process.exit(1);
    }
    prices.push(...found);
  }
  table = withRegion(table, region, prices);
  console.log(`${region}: ${prices.length} prices`);
}
const lines = table.map((price) => `  ${JSON.stringify(price)}`);
await writeFile(new URL('../pipeline/cost/prices.json', import.meta.url), `[\n${lines.join(',\n')}\n]\n`);
