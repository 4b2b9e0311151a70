import type { Component, Price } from './price-table.ts';

/** AWS's price list of SageMaker in one region, as far as it is read here. */
export interface OfferFile {
  /** ISO 8601. */
  publicationDate: string;
  products: Record<string, { attributes: { usagetype?: string } }>;
  terms: {
    OnDemand: Record<
      string,
      Record<
        string,
        { priceDimensions: Record<string, { unit: string; pricePerUnit: Record<string, string> }> }
      >
    >;
  };
}

/** Where AWS publishes it, for anybody. */
export const offerUrl = (region: string): string =>
  `https://pricing.us-east-1.amazonaws.com/offers/v1.0/aws/AmazonSageMaker/current/${region}/index.json`;

const components: Record<string, Component> = {
  Processing: 'processing',
  Train: 'training',
  Tsform: 'transform',
};

/** The prices of jobs in a region's offer file, by component and instance; warm pools, notebooks and endpoints are left out. */
export function pricesIn(file: OfferFile, region: string): Price[] {
  const prices = Object.entries(file.products).flatMap(([sku, { attributes }]) => {
    const { usagetype = '' } = attributes;
    const [, kind = '', instance = ''] =
      /^(?:[A-Z0-9]+-)?(Processing|Train|Tsform):(ml\.[\w.-]+)$/.exec(usagetype) ?? [];
    const component = components[kind];
    const dimensions = Object.values(file.terms.OnDemand[sku] ?? {}).flatMap(({ priceDimensions }) =>
      Object.values(priceDimensions),
    );
    const hourly = dimensions.find(({ unit }) => /^hrs?$/i.test(unit))?.pricePerUnit.USD;
    const usd = Number(hourly);
    if (component === undefined || hourly === undefined || !(usd > 0)) return [];
    const source = `AWS Price List, AmazonSageMaker, usage type ${usagetype}`;
    return [
      { region, component, instance, usd_per_hour: usd, source, date: file.publicationDate.slice(0, 10) },
    ];
  });
  return prices.sort(byPlace);
}

/** A table with a region's prices in place of those that it had; of the others every one stays. */
export const withRegion = (table: readonly Price[], region: string, prices: readonly Price[]): Price[] =>
  [...table.filter((price) => price.region !== region), ...prices].sort(byPlace);

const byPlace = (a: Price, b: Price): number => {
  const [one, other] = [a, b].map(
    ({ region, component, instance }) => `${region} ${component} ${instance}`,
  ) as [string, string];
  return one < other ? -1 : one > other ? 1 : 0;
};
