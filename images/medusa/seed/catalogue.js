// The sample catalogue that every engine's new store sells: what a small workshop of ceramics, textiles and coffee would. Prices are
// what a shopper pays, in euro and in dollar; the pictures beside it are served by the backend. Both come from images/samples.
import { readFileSync } from 'node:fs';

const { categories, collections, products } = JSON.parse(
  readFileSync(new URL('../static/samples/catalogue.json', import.meta.url), 'utf8'),
);

export const CATEGORIES = categories;
export const COLLECTIONS = collections;
export const PRODUCTS = products;
