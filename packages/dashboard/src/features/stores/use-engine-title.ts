// What an engine calls itself; its bare name where it is no longer installed.
import { useQuery } from '@tanstack/react-query';
import { queries } from '../../lib/queries.ts';
import { capitalize } from './words.ts';

// Stores outlive the installation of their engine.
const KNOWN: Readonly<Record<string, string>> = { woocommerce: 'WooCommerce' };

export function useEngineTitle(name: string): string {
  const { data } = useQuery(queries.engines());
  return data?.find((engine) => engine.name === name)?.title ?? KNOWN[name] ?? capitalize(name);
}
