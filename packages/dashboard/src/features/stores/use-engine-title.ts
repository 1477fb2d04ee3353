// What an engine calls itself; its bare name where it is no longer installed.
import { useQuery } from '@tanstack/react-query';
import { queries } from '../../lib/queries.ts';
import { capitalize } from './words.ts';

export function useEngineTitles(): (name: string) => string {
  const { data } = useQuery(queries.engines());
  return (name) => data?.find((engine) => engine.name === name)?.title ?? capitalize(name);
}

export const useEngineTitle = (name: string): string => useEngineTitles()(name);
