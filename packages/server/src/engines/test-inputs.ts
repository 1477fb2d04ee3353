// What the tests of every engine, and the files that charts derive from one, ask it with.
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { Ajv, type ValidateFunction } from 'ajv';
import type { Engine, SecretInput, ValuesInput } from './engine.ts';

export const SECRET_INPUT: SecretInput = {
  title: 'Acme',
  adminEmail: 'owner@acme.test',
  adminPassword: null,
  randomBytes,
};

export function valuesInputOf(engine: Engine): ValuesInput {
  return {
    storeId: 'sto_abcdefghij',
    tenantId: 'ten_abcdefghij',
    plan: 'standard',
    hosts: ['acme.souk.localhost', 'store-abcdefghij.souk.localhost'],
    baseDomain: 'souk.localhost',
    publicScheme: 'http',
    ingressClass: 'souk',
    clusterIssuer: null,
    storageClass: null,
    hasUserNamespaces: true,
    images: Object.fromEntries(engine.images.map((name) => [name, `souk.local/${name}:ci`])),
  };
}

/** Whether values fit the schema of the engine's chart. */
export function chartSchemaOf(engine: Engine): ValidateFunction {
  const schema = JSON.parse(readFileSync(path.join(engine.chartPath, 'values.schema.json'), 'utf8'));
  return new Ajv({ allErrors: true }).compile(schema);
}
